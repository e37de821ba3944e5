/** One end of a connection between two threads. */
export interface ThreadPort {
  post(message: unknown, transferred: readonly ArrayBuffer[]): void;
  listen(onMessage: (message: unknown) => void): void;
}

/** Sends together what is posted before the event loop goes on: to wake the other thread costs more than most messages. */
export class Outbox<Message> {
  readonly #port: Pick<ThreadPort, 'post'>;
  readonly #beforeSending: (() => readonly Message[]) | undefined;
  #messages: Message[] = [];
  #transferred: ArrayBuffer[] = [];
  #isScheduled = false;

  /** @param beforeSending gives what has to go with the next messages */
  constructor(port: Pick<ThreadPort, 'post'>, beforeSending?: () => readonly Message[]) {
    this.#port = port;
    this.#beforeSending = beforeSending;
  }

  /** @param transferred memory of the message that the sender gives away */
  post(message: Message, transferred?: ArrayBuffer): void {
    this.#messages.push(message);
    if (transferred !== undefined) this.#transferred.push(transferred);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Runs when all promises that are resolved have gone on.
    process.nextTick(() => {
      this.#flush();
    });
  }

  #flush(): void {
    const messages = [...(this.#beforeSending?.() ?? []), ...this.#messages];
    const transferred = this.#transferred;
    this.#isScheduled = false;
    this.#messages = [];
    this.#transferred = [];
    this.#port.post(messages, transferred);
  }
}
