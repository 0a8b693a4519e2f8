import { Duplex } from "node:stream";
import type { Pipe } from "../pipe.js";
import { isOrderly, type MessageSource } from "./message-source.js";

/** A Node stream over a pipe. Ending it finishes the pipe's sending; destroying it closes the pipe, with an error at once. */
export function toNodeDuplex(pipe: Pipe, source: MessageSource): Duplex {
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
