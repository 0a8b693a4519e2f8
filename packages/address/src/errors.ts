import { type ArgumentProblem, brand, type Family, printable } from "@p2pd/net";

/*
 * AddressError
 * ├── AddressSyntaxError      ERR_ADDRESS_SYNTAX      a text cannot be read; says where
 * ├── AddressValueError       ERR_ADDRESS_VALUE       a number, bigint or byte array is out of bounds
 * ├── AddressArgumentError    ERR_ADDRESS_ARGUMENT    a wrong type, an unknown option, an option out of bounds
 * ├── AddressFamilyError      ERR_ADDRESS_FAMILY      an address of the other family, or two families mixed
 * ├── AddressZoneError        ERR_ADDRESS_ZONE        a link-local address without a zone
 * ├── AddressUnresolvedError  ERR_ADDRESS_UNRESOLVED  read before res() has finished
 * ├── AddressNotFoundError    ERR_ADDRESS_NOT_FOUND   the name does not exist, or has no address
 * ├── AddressNoDnsError       ERR_ADDRESS_NO_DNS      no DNS server can be asked through the NIC
 * ├── AddressDnsError         ERR_ADDRESS_DNS         no usable answer: a refusal, a malformed packet, a socket error
 * └── AddressTimeoutError     ERR_ADDRESS_TIMEOUT     the deadline passed
 * AddressIndexError (a RangeError)  ERR_ADDRESS_INDEX  at(i) outside a range
 */

/** The base of every error of this package except {@link AddressIndexError}. */
export class AddressError extends Error {
	static {
		brand(AddressError, "@p2pd/address/AddressError");
	}
	override readonly name: string = "AddressError";
	/** Stable and for programs; the message is for people and may change. */
	readonly code: string;
	/** What was given, as text. */
	readonly input: string;

	constructor(code: string, input: string, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
		this.input = input;
	}
}

/** A text cannot be read. `position` is the index of the first wrong character, from 0. */
export class AddressSyntaxError extends AddressError {
	static {
		brand(AddressSyntaxError, "@p2pd/address/AddressSyntaxError");
	}
	override readonly name = "AddressSyntaxError";
	/** Index of the first wrong character. */
	readonly position: number;
	/** What is wrong there, in words. */
	readonly reason: string;

	constructor(input: string, position: number, reason: string, options?: ErrorOptions) {
		super("ERR_ADDRESS_SYNTAX", input, `${reason} at ${position} in ${quote(input)}`, options);
		this.position = position;
		this.reason = reason;
	}
}

/** A number, bigint, byte array or netmask is not a valid address, prefix or port. */
export class AddressValueError extends AddressError {
	static {
		brand(AddressValueError, "@p2pd/address/AddressValueError");
	}
	override readonly name = "AddressValueError";

	constructor(input: string, reason: string, options?: ErrorOptions) {
		super("ERR_ADDRESS_VALUE", input, `${reason}: ${quote(input)}`, options);
	}
}

/** An argument or option has the wrong type or is out of bounds, or an option is unknown. */
export class AddressArgumentError extends AddressError {
	static {
		brand(AddressArgumentError, "@p2pd/address/AddressArgumentError");
	}
	override readonly name = "AddressArgumentError";
	/** Which one: `port`, or a path such as `options.servers[1]`. */
	readonly argument: string;

	constructor({ path, message }: ArgumentProblem) {
		super("ERR_ADDRESS_ARGUMENT", path, printable(`${path} ${message}`));
		this.argument = path;
	}
}

/** An address of one family where the other one is needed. */
export class AddressFamilyError extends AddressError {
	static {
		brand(AddressFamilyError, "@p2pd/address/AddressFamilyError");
	}
	override readonly name = "AddressFamilyError";
	/** The family that was asked for. */
	readonly wanted: Family;
	/** The families that were found. */
	readonly found: readonly Family[];

	constructor(
		input: string,
		wanted: Family,
		found: readonly Family[],
		reason: string,
		options?: ErrorOptions,
	) {
		super("ERR_ADDRESS_FAMILY", input, reason, options);
		this.wanted = wanted;
		this.found = found;
	}
}

/** A link-local address needs to say on which link: give `%zone` or a route with a NIC. */
export class AddressZoneError extends AddressError {
	static {
		brand(AddressZoneError, "@p2pd/address/AddressZoneError");
	}
	override readonly name = "AddressZoneError";

	constructor(input: string, reason: string) {
		super("ERR_ADDRESS_ZONE", input, `${reason}: ${quote(input)}`);
	}
}

/** An Address was read before its `res()` had finished. */
export class AddressUnresolvedError extends AddressError {
	static {
		brand(AddressUnresolvedError, "@p2pd/address/AddressUnresolvedError");
	}
	override readonly name = "AddressUnresolvedError";

	constructor(input: string) {
		super("ERR_ADDRESS_UNRESOLVED", input, `${quote(input)} is not resolved yet: await res() first`);
	}
}

/** The name does not exist, or exists and has no address. `cause` holds what each family's lookup said. */
export class AddressNotFoundError extends AddressError {
	static {
		brand(AddressNotFoundError, "@p2pd/address/AddressNotFoundError");
	}
	override readonly name = "AddressNotFoundError";

	constructor(input: string, reason: string, options?: ErrorOptions) {
		super("ERR_ADDRESS_NOT_FOUND", input, `${reason}: ${quote(input)}`, options);
	}
}

/**
 * A name for a NIC that is not the default one, and no DNS server is known that can be asked through that NIC. Give
 * servers, or the system's resolver would ask by another NIC.
 */
export class AddressNoDnsError extends AddressError {
	static {
		brand(AddressNoDnsError, "@p2pd/address/AddressNoDnsError");
	}
	override readonly name = "AddressNoDnsError";
	/** The name of the NIC. */
	readonly nic: string;

	constructor(input: string, nic: string, af: Family) {
		const reason = `no IPv${af} DNS server is known that can be asked through ${quote(nic)}`;
		super("ERR_ADDRESS_NO_DNS", input, `${reason}, for ${quote(input)}`);
		this.nic = nic;
	}
}

/** The resolver gave no usable answer. */
export class AddressDnsError extends AddressError {
	static {
		brand(AddressDnsError, "@p2pd/address/AddressDnsError");
	}
	override readonly name = "AddressDnsError";
	/** The resolver's own word: an EAI_ code, an RCODE ("SERVFAIL"), or a socket's error code. */
	readonly detail: string;
	/** The server that was asked, as `ip:port`; null for the system resolver. */
	readonly server: string | null;

	constructor(input: string, detail: string, server: string | null, options?: ErrorOptions) {
		const where = server === null ? "the system resolver" : server;
		super("ERR_ADDRESS_DNS", input, `${where} failed for ${quote(input)}: ${detail}`, options);
		this.detail = detail;
		this.server = server;
	}
}

/** The deadline passed without an answer. */
export class AddressTimeoutError extends AddressError {
	static {
		brand(AddressTimeoutError, "@p2pd/address/AddressTimeoutError");
	}
	override readonly name = "AddressTimeoutError";
	/** The time that was allowed, in ms. */
	readonly timeout: number;

	constructor(input: string, timeout: number, options?: ErrorOptions) {
		super("ERR_ADDRESS_TIMEOUT", input, `no answer for ${quote(input)} in ${timeout} ms`, options);
		this.timeout = timeout;
	}
}

/** `at(i)` outside the range. A RangeError, like that of the language's own sequences. */
export class AddressIndexError extends RangeError {
	static {
		brand(AddressIndexError, "@p2pd/address/AddressIndexError");
	}
	override readonly name = "AddressIndexError";
	/** Stable and for programs. */
	readonly code = "ERR_ADDRESS_INDEX";
	/** The range, as text. */
	readonly input: string;
	/** The index that was asked for. */
	readonly index: bigint;
	/** How many hosts the range has. */
	readonly size: bigint;

	constructor(input: string, index: bigint, size: bigint) {
		super(`index ${index} is outside ${input}, which has ${size} hosts`);
		this.input = input;
		this.index = index;
		this.size = size;
	}
}

/** The longest input that a message quotes whole. */
const QUOTED_LENGTH = 100;

/** An input as a message shows it: on one line, printable, and shortened. */
function quote(input: string): string {
	const short = input.length > QUOTED_LENGTH ? `${input.slice(0, QUOTED_LENGTH)}...` : input;
	return printable(JSON.stringify(short));
}
