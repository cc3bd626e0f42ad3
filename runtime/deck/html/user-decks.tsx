/**
 * Decks of the user's own: sections in a notebook, frames in a page. All HTML comes filtered from `user-deck.ts`.
 * @module
 */
import type { ReactElement } from "react";
import { counted } from "../../values/format.ts";
import type { DeckPart, DeckView, FramedDeck, UserDeckViews } from "../user-deck.ts";
import { Code, Muted, Section } from "./parts.tsx";
import { styles } from "./styles.ts";

export function UserDeckSections({
  decks: { shown, named, left },
  file,
}: {
  readonly decks: UserDeckViews;
  /** Where the decks that are not here can be read. */
  readonly file: string | undefined;
}): ReactElement {
  const notHere = named.length + left;
  return (
    <>
      {shown.map((deck) => (
        <Section key={deck.key} title={deck.name} note={deck.note} open={false}>
          <Parts deck={deck} />
        </Section>
      ))}
      {notHere === 0 ? null : (
        <Section
          title="More decks"
          note={`${counted(notHere, "deck")} not shown here`}
          open={false}
        >
          <div style={styles.body}>
            <Muted>{file === undefined ? "in the page that deck.save(path) writes" : "in"}</Muted>{" "}
            {file === undefined ? null : <Code>{file}</Code>}{" "}
          </div>
          {named.map(({ name, note, why }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: names may repeat, and nothing is ever reordered.
            <div key={index} style={styles.body}>
              <b>{name}</b>{" "}
              <Muted>
                {note === "" ? "" : `${note} · `}
                {why}{" "}
              </Muted>
            </div>
          ))}
          {left === 0 ? null : <div style={styles.small}>… {counted(left, "more deck")} </div>}
        </Section>
      )}
    </>
  );
}

function Parts({ deck }: { readonly deck: DeckView }): ReactElement {
  return (
    <>
      {deck.parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no name but their place.
        <Part key={index} part={part} />
      ))}
      <Missing notes={deck.missing} />
    </>
  );
}

function Part({ part }: { readonly part: DeckPart }): ReactElement {
  switch (part.as) {
    case "html":
      return (
        <div
          style={styles.userHtml}
          // biome-ignore lint/security/noDangerouslySetInnerHtml: balanced and filtered by `safe-html.ts`.
          dangerouslySetInnerHTML={{ __html: `${part.html} ` }}
        />
      );
    case "image":
      return (
        <div style={styles.userHtml}>
          <img
            src={`data:${part.mime};base64,${part.base64}`}
            alt={part.alt}
            style={styles.image}
          />{" "}
        </div>
      );
    case "text":
      return <pre style={styles.bodyText}>{part.text} </pre>;
    default:
      return part satisfies never;
  }
}

function Missing({ notes }: { readonly notes: readonly string[] }): ReactElement | null {
  return notes.length === 0 ? null : <div style={styles.small}>{notes.join(" · ")} </div>;
}

/** Without `allow-same-origin` a frame has an origin of its own: nothing in it reaches the page. */
const SANDBOX = "allow-popups allow-popups-to-escape-sandbox";
/** A window that a script opens would be a request that leaves the page. */
const SANDBOX_SCRIPTS = "allow-scripts";

const FRAME_STYLE =
  ":root{color-scheme:light dark}body{margin:8px;font:13px/1.45 system-ui,sans-serif}" +
  "img,svg{max-width:100%;height:auto}table{border-collapse:collapse}td,th{padding:2px 10px 2px 0;text-align:left}" +
  "pre{white-space:pre-wrap;overflow-wrap:anywhere}";

/**
 * The page's policy holds here too, with a nonce for these scripts. But a script hands its nonce on to what it imports, from
 * any address: the frame's own policy names the scripts themselves, and both have to agree.
 */
function frameDocument({ body, scripts }: Pick<FramedDeck, "body" | "scripts">): string {
  const policy =
    scripts.length === 0
      ? ""
      : `<meta http-equiv="Content-Security-Policy" content="script-src ${scripts
          .map((hash) => `'${hash}'`)
          .join(" ")}">`;
  return `<!doctype html><meta charset="utf-8">${policy}<style>${FRAME_STYLE}</style>${body}`;
}

/** Filtered HTML without scripts, in a page. */
export function HtmlFrame({
  title,
  html,
}: {
  readonly title: string;
  readonly html: string;
}): ReactElement {
  return (
    <iframe
      title={title}
      sandbox={SANDBOX}
      srcDoc={frameDocument({ body: html, scripts: [] })}
      loading="lazy"
      style={styles.frameOfValue}
    />
  );
}

export function UserDeckFrames({ decks }: { readonly decks: readonly FramedDeck[] }): ReactElement {
  return (
    <>
      {decks.map((deck) => (
        <Section key={deck.key} title={deck.name} note={deck.note} open={false}>
          <iframe
            title={deck.name}
            sandbox={deck.scripts.length > 0 ? SANDBOX_SCRIPTS : SANDBOX}
            srcDoc={frameDocument(deck)}
            // A closed section's frame costs nothing until somebody opens it.
            loading="lazy"
            style={styles.frame}
          />
          <Missing notes={deck.missing} />
        </Section>
      ))}
    </>
  );
}
