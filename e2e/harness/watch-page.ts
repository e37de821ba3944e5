import type { Page } from 'playwright-core';

/** What pages did that they should not have done, over all of a suite. */
export interface PageNotes {
  /** What a browser complains about: a script that the policy refuses, an exception, a request that failed to leave. */
  readonly complaints: string[];
  /** Hosts that were asked for anything. */
  readonly hosts: Set<string>;
}

export const createPageNotes = (): PageNotes => ({ complaints: [], hosts: new Set() });

/** Notes what a page complains about and whom it asks, from now on. An answer that is an error is not a complaint: pages show those. */
export function watchPage(page: Page, { complaints, hosts }: PageNotes): void {
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
}
