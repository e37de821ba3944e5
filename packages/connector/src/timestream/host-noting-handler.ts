import { NodeHttpHandler } from '@smithy/node-http-handler';

type Handle = NodeHttpHandler['handle'];

const hosts = new WeakMap<object, string>();

/** Notes of each answer which host it was asked of: the SDK's errors carry the answer, but not the request. */
export class HostNotingHandler extends NodeHttpHandler {
  override async handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    const output = await super.handle(request, options);
    noteHost(output.response, request);
    return output;
  }
}

export function noteHost(response: object, { hostname, port }: { readonly hostname: string; readonly port?: number | undefined }): void {
  hosts.set(response, port === undefined ? hostname : `${hostname}:${port}`);
}

/** The host that gave this answer of the SDK; undefined if it was not noted. */
export function hostOfResponse(response: unknown): string | undefined {
  return typeof response === 'object' && response !== null ? hosts.get(response) : undefined;
}
