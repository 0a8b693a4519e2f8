import { ReadableStream, WritableStream } from "node:stream/web";
import type { Pipe } from "../pipe.js";
import type { Sendable } from "../types.js";
import { isOrderly, type MessageSource } from "./message-source.js";

/** A Web stream of the messages of `source`. Pulls one at a time, so that the source's queue is the only buffer. */
export function toReadable(source: MessageSource): ReadableStream<Uint8Array> {
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				try {
					controller.enqueue(await source.next());
				} catch (error) {
					source.stop();
					if (isOrderly(error)) controller.close();
					else controller.error(error);
				}
			},
			cancel: () => source.stop(),
		},
		{ highWaterMark: 0 },
	);
}

/**
 * A Web stream that sends what is written. Closing it finishes the pipe's sending (datagrams have no end to send),
 * aborting it resets the pipe.
 */
export function toWritable(pipe: Pipe): WritableStream<Sendable> {
	return new WritableStream<Sendable>({
		write: (chunk) => pipe.send(chunk),
		close: () => (pipe.protocol === "tcp" ? pipe.end() : undefined),
		abort: () => pipe.reset(),
	});
}
