/**
 * The schemas of handles.
 *
 * They are zod's, so that they stand inside of `z.array`, `z.object` and `.optional()`, and carry their value type on the
 * definition, which zod hands on when a schema is refined or described.
 * @module
 */
import { z } from "zod";
import { VALUE_TYPE, type ValueType } from "../../types/value-type.ts";
import { StorageError } from "../storage.ts";

/** Takes a handle, or text to make one of. */
export type BlobSchema<T> = z.ZodType<T, T | string>;

interface Blob<T> {
  readonly type: ValueType;
  readonly title: string;
  isOne(value: unknown): value is T;
  /** Of a path or address. */
  from(place: string): T;
  /** Empty when nobody said. */
  formatOf(blob: T): string;
}

export function blobSchema<T>({ type, title, isOne, from, formatOf }: Blob<T>): BlobSchema<T> {
  const wanted = "format" in type ? type.format : "";
  const handle = z.custom<T>(isOne);
  const text = z.string();
  const schema = z
    .union([handle, text], { error: `expected a ${title}, or a path or address` })
    .transform((value, context): T => {
      try {
        const blob = isOne(value) ? value : from(String(value));
        const format = formatOf(blob);
        if (wanted === "" || format === "" || format === wanted) return blob;
        context.addIssue(`expected the format ${wanted}, received ${format}`);
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        context.addIssue(error.message);
      }
      return z.NEVER;
    });
  // What zod would say of a class is "anything"; whoever writes it as JSON or on a command line gives text.
  schema._zod.toJSONSchema = () => ({
    type: "string",
    title,
    description: "a path of this machine, or an address (s3://, gs://, abfs://, https://)",
  });
  Object.defineProperty(schema._zod.def, VALUE_TYPE, { value: type, enumerable: true });
  return schema;
}
