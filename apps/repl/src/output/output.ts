import { createColors } from "picocolors";
import { columnsOf, type Io, wantsColour } from "../io.js";

/** The colours of a stream: functions that leave text as it is where colour is not wanted. */
export type Colours = ReturnType<typeof createColors>;

/** What a command writes with: results to stdout, messages to stderr. */
export interface Output {
	/** Colours for results. */
	readonly colours: Colours;
	/** Colours for messages. */
	readonly messageColours: Colours;
	/** Columns that a result may use; Infinity where stdout is no terminal. */
	readonly columns: number;
	/** Writes a result, and a line end. */
	result(text: string): void;
	/** Writes a result as JSON. */
	json(value: unknown): void;
	/** Writes a result as JSON on one line, for results that come one by one. */
	line(value: unknown): void;
	/** Writes a message, unless `--quiet`. */
	message(text: string): void;
	/** Writes a message even so: errors, and what the user must know. */
	warn(text: string): void;
}

/** Makes the output of a command. */
export function createOutput(io: Io, options: { quiet: boolean; colour: boolean }): Output {
	return {
		colours: createColors(options.colour && wantsColour(io.stdout, io.env)),
		messageColours: createColors(options.colour && wantsColour(io.stderr, io.env)),
		columns: columnsOf(io),
		result: (text) => void io.stdout.write(`${text}\n`),
		json: (value) => void io.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
		line: (value) => void io.stdout.write(`${JSON.stringify(value)}\n`),
		message: (text) => void (options.quiet || io.stderr.write(`${text}\n`)),
		warn: (text) => void io.stderr.write(`${text}\n`),
	};
}
