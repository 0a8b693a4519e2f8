import { PassThrough, Readable } from "node:stream";
import type { Io } from "../../src/output/output.js";

/** Streams that are no terminal, and what was written to them. */
export interface FakeIo extends Io {
	written(): { stdout: string; stderr: string };
}

/**
 * Makes an Io whose stdin has this text, or is this stream.
 *
 * @param terminal whether the streams say that they are a terminal, 200 columns wide
 */
export function fakeIo(stdin: string | Readable = "", env: Io["env"] = {}, terminal = false): FakeIo {
	const sink = (): { stream: NodeJS.WriteStream; text: () => string } => {
		const stream = new PassThrough();
		const chunks: Buffer[] = [];
		stream.on("data", (chunk: Buffer) => chunks.push(chunk));
		return { stream: stream as unknown as NodeJS.WriteStream, text: () => Buffer.concat(chunks).toString() };
	};
	const [out, err] = [sink(), sink()];
	const input = (typeof stdin === "string" ? Readable.from([stdin]) : stdin) as unknown as NodeJS.ReadStream;
	if (terminal) {
		for (const stream of [input, out.stream, err.stream])
			Object.assign(stream, { isTTY: true, columns: 200, rows: 50 });
	}
	return {
		stdin: input,
		stdout: out.stream,
		stderr: err.stream,
		// The configuration file of whoever runs the tests is not read.
		env: { P2PD_CONFIG: "", ...env },
		written: () => ({ stdout: out.text(), stderr: err.text() }),
	};
}
