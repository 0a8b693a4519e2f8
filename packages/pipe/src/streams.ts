import { Duplex } from "node:stream";
import { ReadableStream, WritableStream } from "node:stream/web";
import { PipeClosedError } from "./errors.js";
import type { Pipe, PipeData } from "./types.js";

/** One consumer's view of a pipe's messages. */
export interface MessageSource {
	/** The next message. Rejects with PipeClosedError when there are no more. */
	next(): Promise<Buffer>;
	/** No more messages are wanted. */
	stop(): void;
}

/** Whether a pipe ended without an error, so that its messages are simply over. */
export function isOrderly(error: unknown): boolean {
	return error instanceof PipeClosedError && error.reason.error === null;
}

/** A Web stream of the messages of `source`. It pulls one at a time, so that the source's queue is the only buffer. */
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
export function toWritable(pipe: Pipe): WritableStream<PipeData> {
	return new WritableStream<PipeData>({
		write: (chunk) => pipe.send(chunk),
		close: () => (pipe.protocol === "tcp" ? pipe.end() : undefined),
		abort: () => pipe.reset(),
	});
}

/**
 * A Node stream over a pipe. Ending it finishes the pipe's sending; once the peer has finished too, the pipe closes.
 * Destroying it closes the pipe, with an error at once.
 */
export function toDuplex(pipe: Pipe, source: MessageSource): Duplex {
	const duplex: Duplex = new Duplex({
		read() {
			source.next().then(
				(message) => duplex.push(message),
				(error: unknown) => {
					if (isOrderly(error)) duplex.push(null);
					else duplex.destroy(error as Error);
				},
			);
		},
		write(chunk: Buffer, _encoding, done) {
			pipe.send(chunk).then(() => done(), done);
		},
		final(done) {
			// Datagrams have no end to send.
			if (pipe.protocol === "udp") done();
			else pipe.end().then(() => done(), done);
		},
		destroy(error, done) {
			source.stop();
			const closing = error === null ? pipe.close() : pipe.reset();
			closing.then(
				() => done(error),
				(failure: Error) => done(error ?? failure),
			);
		},
	});
	return duplex;
}
