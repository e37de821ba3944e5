import { PAGE_SECURITY_HEADERS, type PageAsset, type StatusAnswer } from '@timestream-prometheus/status-page';
import type { FastifyInstance, RouteHandlerMethod } from 'fastify';

export interface StatusPage {
  /** The files of the page by their paths. */
  readonly assets: ReadonlyMap<string, PageAsset>;
  readonly answer: () => StatusAnswer;
}

/**
 * The page for a browser, and the state that it shows. Neither holds a secret or anything that is stored; the state is for those whom `guarded` lets
 * through.
 */
export function addStatusRoutes(
  app: FastifyInstance,
  { assets, answer }: StatusPage,
  guarded: (handler: RouteHandlerMethod) => RouteHandlerMethod,
): void {
  for (const [path, { contentType, body }] of assets) {
    app.route({
      method: ['GET', 'HEAD'],
      url: path,
      handler: async (_request, reply) => reply.headers(PAGE_SECURITY_HEADERS).type(contentType).send(body),
    });
  }
  app.route({
    method: ['GET', 'HEAD'],
    url: '/-/status',
    handler: guarded(async (_request, reply) =>
      reply.headers(PAGE_SECURITY_HEADERS).type('application/json; charset=utf-8').send(JSON.stringify(answer())),
    ),
  });
}
