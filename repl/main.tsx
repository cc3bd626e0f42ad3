/**
 * The screen: mounts Ink, owns the way out.
 * @module
 */
import { render } from "ink";
import { keepRunFiles } from "../runtime/deck/run-files.ts";
import type { Session } from "../runtime/session/client/api.ts";
import { openInputs } from "../runtime/store/inputs.ts";
import { Actions } from "./actions.ts";
import { App, type InkControl } from "./app.tsx";
import { CommandState } from "./commands/state.ts";
import { Colours } from "./editor/colours.ts";
import { exitCodes } from "./exit-codes.ts";
import { TreeRows } from "./live/tree.tsx";
import { KeptInputs } from "./state/kept-inputs.ts";
import { Scrollback } from "./state/scrollback.ts";
import { Cells } from "./state/session.ts";
import { Store } from "./state/store.ts";
import { copyText } from "./terminal/clipboard.ts";
import { Handover } from "./terminal/handover.ts";
import type { Screen } from "./terminal/screen.ts";
import type { Style } from "./terminal/style.ts";

export interface ScreenOptions {
  readonly session: Session;
  readonly screen: Screen;
  readonly stdin: NodeJS.ReadStream;
  readonly style: Style;
  /** Cells that run first, as if they had been typed. */
  readonly firstCells: readonly string[];
  /** Whether what is typed goes into the history file, and what was typed before is offered. */
  readonly keepsHistory: boolean;
  /** Resolves with an exit code when a signal or a lost terminal ends the program. */
  readonly ended: Promise<number>;
  /** The first frame is on the screen. */
  readonly onDrawn: () => void;
  /** Hears of each SIGINT, which is a press of Ctrl-C. */
  readonly onSigint: (press: () => void) => void;
}

const ERASE_LINE = "\r\x1b[2K";
// Not from the first column: tmux would keep the old screen in its scrollback.
const HOME_AND_ERASE = "\x1b[1;2H\x1b[J\x1b[1;1H\x1b[K";
const CURSOR_UP = "\x1b[1A";
const CLOSE_GRACE_MS = 3_000;
/** How long the last cell may take to end before the screen closes without its block. */
const LAST_BLOCK_MS = 500;

/** @returns the exit code, once the terminal is the shell's again. */
export async function runScreen(options: ScreenOptions): Promise<number> {
  const { session, screen, stdin, style, firstCells, ended, onDrawn, onSigint } = options;
  const store = new Store(screen.size, Date.now());
  const scrollback = new Scrollback();
  const left = Promise.withResolvers<number>();
  const commands = new CommandState(session);
  commands.settings.onChange(({ theme }) => style.setTheme(theme));
  // Without colour it could be taken for typed text.
  const hasGhost = () => style.hasColor && commands.settings.values.ghost === "on";
  const colours = new Colours();
  const cells = new Cells({
    session,
    store,
    scrollback,
    style,
    now: Date.now,
    tokenize: () => colours.tokenize,
    outputLinesMax: () => commands.settings.values.output,
    giveBack: (text, cursor) => actions.dispatch({ kind: "give-back", text, cursor }),
    onExit: (code) => left.resolve(code),
  });
  const filesWritten = keepRunFiles(session, {
    onNotice: (text) => cells.notice(text),
    onPage: (runId, file) => cells.pageWritten(runId, file),
  });
  const inputs = new KeptInputs();
  const mounted = Promise.withResolvers<InkControl>();
  const handover = new Handover({
    folder: session.folder,
    environment: process.env,
    suspendTerminal: async (callback) => await (await mounted.promise).suspendTerminal(callback),
    flush: () => instance.waitUntilRenderFlush(),
    scrollback,
    screen,
    stdin,
  });
  const actions = new Actions({
    session,
    inputs,
    store,
    cells,
    scrollback,
    handover,
    style,
    commands,
    hasGhost,
    copy: (text) =>
      copyText(text, {
        write: (sequence) => void screen.write(sequence),
        environment: process.env,
      }),
    leave: (code = exitCodes.ok) => left.resolve(code),
    repaint: () => repaint(),
    now: () => performance.now(),
  });
  // Ctrl-C typed into a pager reaches us too: it is not meant for the cell.
  onSigint(() => {
    if (!handover.isGiven) actions.interrupt();
  });
  screen.on("resize", () => store.update((snapshot) => ({ ...snapshot, size: screen.size })));
  // The stand-in prompt of `launch.ts` makes way for the first frame.
  screen.write(ERASE_LINE);
  const instance = render(
    <App
      store={store}
      frame={{
        style,
        treeRows: new TreeRows(),
        highlighter: () => colours.highlighter,
        hasGhost,
        run: (id) => cells.records.run(id),
      }}
      onPress={(press) => actions.press(press)}
      onMount={(ink) => {
        mounted.resolve(ink);
        scrollback.attach({
          write: ink.write,
          flush: () => instance.waitUntilRenderFlush(),
          drained: () => screen.drained(),
        });
      }}
    />,
    {
      // `Screen` is the part of a stream that Ink uses.
      stdout: screen as unknown as NodeJS.WriteStream,
      stdin,
      interactive: true,
      exitOnCtrlC: false,
      patchConsole: false,
      incrementalRendering: true,
      maxFps: 60,
      concurrent: false,
      isScreenReaderEnabled: false,
      kittyKeyboard: { mode: "auto", flags: ["disambiguateEscapeCodes"] },
    },
  );
  const repaint = () => {
    instance.clear();
    screen.write(HOME_AND_ERASE);
    store.update((snapshot) => ({ ...snapshot }));
    void instance.waitUntilRenderFlush();
  };
  await instance.waitUntilRenderFlush();
  onDrawn();
  const history = inputs.open(
    openInputs({
      folder: session.folder,
      isStored: options.keepsHistory,
      onNotice: (text) => cells.notice(text),
    }),
    (older) => actions.dispatch({ kind: "history-read", older }),
  );
  if (style.hasColor) {
    void colours.load({
      repaint: () => store.update((snapshot) => ({ ...snapshot })),
      onRepaint: store.subscribe,
    });
  }
  actions.runAll(firstCells);
  try {
    // Ink ends by itself only when a component throws; then it rejects.
    const crash = instance.waitUntilExit().then(() => ({ code: 0, isInHaste: true }));
    const leaving = left.promise.then((code) => ({ code, isInHaste: false }));
    const ending = ended.then((code) => ({ code, isInHaste: true }));
    const { code, isInHaste } = await Promise.race([leaving, ending, crash]);
    if (!isInHaste) await finishCells(session, cells);
    store.update(({ question: _, notice: _notice, ...rest }) => ({ ...rest, phase: "leaving" }));
    if (!isInHaste) await scrollback.drained();
    await instance.waitUntilRenderFlush();
    instance.unmount();
    // Ink's empty frame is still one row high.
    screen.write(CURSOR_UP);
    return code;
  } finally {
    colours.close();
    cells.close();
    handover.close();
    instance.unmount();
    screen.close();
    await session.close({ graceMs: CLOSE_GRACE_MS });
    await Promise.all([filesWritten(), history]);
  }
}

/** Gives running cells the chance to end in order, and to show how. */
async function finishCells(session: Session, cells: Cells): Promise<void> {
  if (cells.activeCount === 0) return;
  await session.interrupt("cooperate");
  const until = performance.now() + LAST_BLOCK_MS;
  while (cells.activeCount > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
