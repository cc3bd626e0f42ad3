/**
 * The controls that an exploration needs most: a slider, a progress bar, a button. Widgets like any other, drawn with
 * what every browser has, in the colours of JupyterLab's theme.
 * @module
 */
import type { Widget, WidgetOptions, WidgetState } from "./widget.ts";

type Make = <S extends WidgetState>(options: WidgetOptions<S>) => Widget<S>;

const CSS = `
.eagerdeck-control { display: flex; align-items: center; gap: 8px; padding: 4px 0;
  font: 13px/1.5 var(--jp-ui-font-family, system-ui, sans-serif); color: var(--jp-ui-font-color1, inherit); }
.eagerdeck-control > label { min-width: 6em; }
.eagerdeck-control > output { min-width: 4em; font-variant-numeric: tabular-nums; }
.eagerdeck-control > input, .eagerdeck-control > progress { width: 260px; accent-color: var(--jp-brand-color1, #2457a6); }
.eagerdeck-control > button { padding: 4px 12px; font: inherit; cursor: pointer; }
`;

/** Beginning of each module: a row with a label. */
const ROW = `
const row = (el, model) => {
  const box = document.createElement("div");
  box.className = "eagerdeck-control";
  const label = document.createElement("label");
  label.textContent = model.get("label");
  model.on("change:label", () => { label.textContent = model.get("label"); });
  box.append(label);
  el.append(box);
  return { box, label };
};
`;

const SLIDER = `${ROW}
export default { render({ model, el }) {
  const { box, label } = row(el, model);
  const input = document.createElement("input");
  const output = document.createElement("output");
  input.type = "range";
  const show = () => {
    for (const name of ["min", "max", "step"]) input[name] = model.get(name);
    input.value = model.get("value");
    output.textContent = model.get("value");
  };
  input.setAttribute("aria-label", model.get("label"));
  input.addEventListener("input", () => { model.set("value", input.valueAsNumber); model.save_changes(); });
  model.on("change", show);
  box.append(input, output);
  show();
} };`;

const PROGRESS = `${ROW}
export default { render({ model, el }) {
  const { box } = row(el, model);
  const bar = document.createElement("progress");
  const output = document.createElement("output");
  const show = () => {
    bar.max = model.get("max");
    bar.value = model.get("value");
    output.textContent = model.get("value") + " / " + model.get("max");
  };
  bar.setAttribute("aria-label", model.get("label"));
  model.on("change", show);
  box.append(bar, output);
  show();
} };`;

const BUTTON = `
export default { render({ model, el }) {
  const box = document.createElement("div");
  box.className = "eagerdeck-control";
  const button = document.createElement("button");
  const show = () => { button.textContent = model.get("label"); };
  button.type = "button";
  button.addEventListener("click", () => { model.set("clicks", model.get("clicks") + 1); model.save_changes(); });
  model.on("change:label", show);
  box.append(button);
  el.append(box);
  show();
} };`;

export interface SliderOptions {
  readonly label?: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly value?: number;
}

/** `slider`, `progress` and `button`, made by `make`. */
export function controls(make: Make) {
  return {
    /** A number that the person sets: `state.value`. */
    slider: ({ label = "", min = 0, max = 100, step = 1, value = min }: SliderOptions = {}) =>
      make({ esm: SLIDER, css: CSS, state: { label, min, max, step, value } }),
    /** A number that the cell sets: `state.value` of `state.max`. */
    progress: ({ label = "", max = 100, value = 0 }: Omit<SliderOptions, "min" | "step"> = {}) =>
      make({ esm: PROGRESS, css: CSS, state: { label, max, value } }),
    /** Counts its clicks: `await button.changed("clicks")`. */
    button: (label = "OK") => make({ esm: BUTTON, css: CSS, state: { label, clicks: 0 } }),
  };
}
