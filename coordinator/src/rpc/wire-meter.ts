import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";

/**
 * Knows how many bytes each message was on the wire: of a received one its size, of a sent one by calling back. Works on
 * the serialised form, so that nothing is encoded twice.
 */
export class WireMeter {
  readonly #received = new WeakMap<object, number>();
  readonly #whenSent = new WeakMap<object, (bytes: number) => void>();

  /** Bytes of a received message. */
  sizeOf(message: object): number {
    return this.#received.get(message) ?? 0;
  }

  /** Calls `sent` with the message's size once it is serialised; returns the message. */
  metered<Message extends object>(message: Message, sent: (bytes: number) => void): Message {
    this.#whenSent.set(message, sent);
    return message;
  }

  /** The service with its codecs watched. */
  watch<Service extends ServiceDefinition>(service: Service): Service {
    const watched = Object.entries(service).map(([name, method]) => [name, this.#watched(method)]);
    return Object.fromEntries(watched) as Service;
  }

  #watched(method: MethodDefinition<object, object>): MethodDefinition<object, object> {
    return {
      ...method,
      requestDeserialize: (bytes) => {
        const message = method.requestDeserialize(bytes);
        this.#received.set(message, bytes.length);
        return message;
      },
      responseSerialize: (message) => {
        const bytes = method.responseSerialize(message);
        this.#whenSent.get(message)?.(bytes.length);
        return bytes;
      },
    };
  }
}
