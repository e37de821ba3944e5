import { NodeHttpHandler } from '@smithy/node-http-handler';

type Handle = NodeHttpHandler['handle'];

const hosts = new WeakMap<object, string>();

/** Notes of each answer which host it was asked of: the SDK's errors carry the answer, but not the request. */
export class HostNotingHandler extends NodeHttpHandler {
  override async handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    const output = await super.handle(request, options);
    const port = request.port === undefined ? '' : `:${request.port}`;
    hosts.set(output.response, `${request.hostname}${port}`);
    return output;
  }
}

/** The host that gave this answer of the SDK; undefined if it was not noted. */
export function hostOfResponse(response: unknown): string | undefined {
  return typeof response === 'object' && response !== null ? hosts.get(response) : undefined;
}
