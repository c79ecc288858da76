import type { Logger } from '../core/log.js';

/**
 * Reads each message of a stream. One that cannot be read is reported and discarded, and what came before it holds.
 *
 * Errors: those of `messages`.
 * Source: Workload API section 4.5: a client "SHOULD" report the error and discard the message.
 */
export async function* readEach<Message, Value>(
  messages: AsyncIterable<Message>,
  read: (message: Message) => Value,
  log: Logger,
): AsyncGenerator<Value, void, undefined> {
  for await (const message of messages) {
    const result = attempt(() => read(message));
    if ('value' in result) yield result.value;
    else log.error('a message of the Workload API was discarded', { error: result.error });
  }
}

function attempt<Value>(read: () => Value): { readonly value: Value } | { readonly error: unknown } {
  try {
    return { value: read() };
  } catch (error) {
    return { error };
  }
}
