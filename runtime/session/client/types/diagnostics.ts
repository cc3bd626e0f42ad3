/**
 * The server's findings about a document as findings about the cell in it. Pure.
 * @module
 */
import type { DocumentDiagnosticReport } from "vscode-languageserver-protocol";
import type { Diagnostic } from "../../cell-error.ts";
import { denoImportAdvice, denoNameAdvice } from "../../deno-advice.ts";
import { withoutDocuments } from "./completion.ts";
import type { CheckerDocument } from "./documents.ts";

const CANNOT_FIND_MODULE = new Set([2307, 2792, 2882, 7016]);
/** Nothing of that name is installed; the others may be packages without types. */
const NOT_INSTALLED = new Set([2307, 2882]);
/** A limit of the checker, not a fault of the cell: thousands of assignments in one text. */
const TOO_LARGE_FOR_FLOW = 2563;
const CANNOT_FIND_NAME = new Set([2304, 2552, 2503]);
const ASSIGN_TO_IMPORT = 2632;
const ASSIGN_TO_CONSTANT = 2588;

/** What the server found in the person's own lines; hints and our lines are left out. */
export function diagnosticsOf(
  document: CheckerDocument,
  report: Extract<DocumentDiagnosticReport, { kind: "full" }>,
): Diagnostic[] {
  const lastLine = document.code.split(/\r\n|[\r\n]/).length;
  const found: Diagnostic[] = [];
  for (const { code, severity, message: said, range } of report.items) {
    // 3 and 4 are hints: greyed-out names, suggestions.
    if (severity !== undefined && severity > 2) continue;
    const line = range.start.line + 1 - document.linesBefore;
    // On our own lines: of no use to the person, who did not write them.
    if (line < 1 || line > lastLine) continue;
    const message = typeof said === "string" ? said : said.value;
    // Session constants reach a document as imports.
    const isConstant = code === ASSIGN_TO_IMPORT;
    found.push({
      code: isConstant ? ASSIGN_TO_CONSTANT : Number(code ?? 0),
      message: isConstant
        ? message.replace(/because it is an import\.$/, "because it is a constant.")
        : withoutDocuments(message) + advice(code, message),
      severity: severity === 2 || code === TOO_LARGE_FOR_FLOW ? "warning" : "error",
      line,
      column: range.start.character + 1,
      endLine: range.end.line + 1 - document.linesBefore,
      endColumn: range.end.character + 1,
    });
  }
  return found;
}

/** Whether the finding may be gone once a package or file is there. */
export function isModuleMissing(code: number | string | undefined): boolean {
  return typeof code === "number" && CANNOT_FIND_MODULE.has(code);
}

/** What to do about a name or a package that is not there; nothing for files and aliases of a tsconfig. */
function advice(code: number | string | undefined, message: string): string {
  if (typeof code !== "number") return "";
  const [, said = ""] = /'([^']*)'/.exec(message) ?? [];
  if (NOT_INSTALLED.has(code)) return installAdvice(said);
  const deno = CANNOT_FIND_NAME.has(code) ? denoNameAdvice(said) : undefined;
  return deno === undefined ? "" : ` (${deno})`;
}

function installAdvice(specifier: string): string {
  const deno = denoImportAdvice(specifier);
  if (deno !== undefined) return ` (${deno})`;
  const [, name] = /^((?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*)(?:\/[^:]*)?$/i.exec(specifier) ?? [];
  return name === undefined ? "" : ` Run %npm i ${name} to install it.`;
}
