/** Our `import "tslab"` offers what the real package does: notebooks written for it compile and run unchanged. */
import type * as real from "tslab";
import { expectTypeOf } from "vitest";
import type * as ours from "../../runtime/session/host/tslab.ts";

// `default` is what Node makes of a CommonJS package.
expectTypeOf<keyof typeof ours>().toEqualTypeOf<Exclude<keyof typeof real, "default">>();
expectTypeOf<typeof ours.display>().toExtend<typeof real.display>();
expectTypeOf<typeof ours.newDisplay>().toExtend<typeof real.newDisplay>();
