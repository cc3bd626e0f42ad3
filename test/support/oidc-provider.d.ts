/** The little of `oidc-provider`, which comes without types, that the tests use. */
declare module "oidc-provider" {
  import type { IncomingMessage, RequestListener } from "node:http";

  interface Issued {
    destroy(): Promise<void>;
  }
  interface Context {
    readonly req: IncomingMessage;
    readonly path: string;
    /** Known behind the provider's own handlers. */
    readonly oidc: { readonly body: Record<string, string> };
  }
  interface Kind {
    find(value: string): Promise<Issued | undefined>;
  }
  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
    on(event: `${string}.saved`, listener: (token: Issued) => void): this;
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void;
    readonly AccessToken: Kind;
    readonly ClientCredentials: Kind;
  }
}
