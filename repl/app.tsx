/**
 * The Ink tree: scrollback, keyboard, frame. No logic: what it shows is composed in `frame.ts`, what a
 * key does in `actions.ts`.
 * @module
 */
import { Box, Static, Text, useApp, useCursor, useInput, usePaste, useStdout } from "ink";
import { type ReactElement, useEffect, useSyncExternalStore } from "react";
import { type KeyPress, keysOf } from "./editor/keys.ts";
import { cleanPaste } from "./editor/paste.ts";
import { composeFrame, type FrameContext } from "./frame.ts";
import { Tree } from "./live/tree.tsx";
import type { Store } from "./state/store.ts";

export interface AppProps {
  readonly store: Store;
  readonly frame: FrameContext;
  readonly onPress: (press: KeyPress) => void;
  /** Called once mounted. */
  readonly onMount: (ink: InkControl) => void;
}

/** What only Ink can do. */
export interface InkControl {
  /** Prints above the live region. */
  write(text: string): void;
  /** Leaves screen and keys to others while `callback` runs, then draws anew. */
  suspendTerminal(callback: () => Promise<void>): Promise<void>;
}

export function App({ store, frame, onPress, onMount }: AppProps): ReactElement {
  return (
    <>
      <Scrollback store={store} onMount={onMount} />
      <Keyboard onPress={onPress} />
      <Frame store={store} context={frame} />
    </>
  );
}

/** Blocks of finished cells, each printed once, in the commit that takes the cell's tree away. */
function Scrollback({ store, onMount }: Pick<AppProps, "store" | "onMount">): ReactElement {
  const { finished } = useSyncExternalStore(store.subscribe, store.get);
  const { write } = useStdout();
  const { suspendTerminal } = useApp();
  useEffect(
    () => onMount({ write, suspendTerminal: (callback) => suspendTerminal(callback) }),
    [onMount, write, suspendTerminal],
  );
  return (
    <Static items={[...finished]}>
      {(block, index) => (
        <Text key={index} wrap="hard">
          {block}
        </Text>
      )}
    </Static>
  );
}

/** The only `useInput` and `usePaste`, for the whole life: unmounting the last one loses keys. */
function Keyboard({ onPress }: Pick<AppProps, "onPress">): null {
  const { waitUntilRenderFlush } = useApp();
  useInput((input, key) => {
    for (const press of keysOf(input, key)) onPress(press);
    // Without it a key shows when the next throttled frame comes: echo p50 41 ms instead of 5.
    void waitUntilRenderFlush();
  });
  usePaste((text) => {
    onPress({ kind: "paste", text: cleanPaste(text) });
    void waitUntilRenderFlush();
  });
  return null;
}

function Frame({ store, context }: { store: Store; context: FrameContext }): ReactElement {
  const snapshot = useSyncExternalStore(store.subscribe, store.get);
  const frame = composeFrame(snapshot, context);
  const { setCursorPosition } = useCursor();
  setCursorPosition(frame.cursor);
  return (
    <Box flexDirection="column">
      {frame.tree.length > 0 && <Tree rows={frame.tree} />}
      {frame.tail !== undefined && <Text wrap="truncate-end">{frame.tail}</Text>}
      {frame.editor.length > 0 && <Text wrap="truncate-end">{frame.editor.join("\n")}</Text>}
      {frame.box.length > 0 && <Text wrap="truncate-end">{frame.box.join("\n")}</Text>}
      {frame.status !== undefined && <Text wrap="truncate-end">{frame.status}</Text>}
    </Box>
  );
}
