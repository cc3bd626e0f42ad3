/** Grammars: each adds itself to the global `Prism` when it is loaded. */
declare module "prismjs/components/*";
