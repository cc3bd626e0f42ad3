/**
 * Escape sequences as patterns, in one place since they hold control characters.
 * @module
 */

// Built from strings: a regular expression literal with control characters is usually a mistake, and the linter says so.
const CSI = "\u001b\\[";

/** Colours and weights, `CSI … m`, and nothing else that begins with CSI. */
export const SGR = new RegExp(`${CSI}([\\d;:]*)m`, "g");
/** `CSI K`: progress bars erase the line after a CR. */
export const ERASE_LINE = new RegExp(`${CSI}[012]?K`, "g");
/** A control sequence that was cut off at the end of a text. */
export const CUT_SEQUENCE = new RegExp(`(?:${CSI}[0-?]*[ -/]*|\u001b)$`);
/** Any control sequence. */
export const CONTROL_SEQUENCE = new RegExp(`${CSI}[0-?]*[ -/]*[@-~]`, "g");

/** Ends all colours and weights. */
export const RESET_COLORS = "\u001b[0m";
