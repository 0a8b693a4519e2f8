import { createHash } from "node:crypto";
import type { Socket as DgramSocket } from "node:dgram";
import { type Clock, type Endpoint, endpointText, type Family, type SocketFactory } from "@p2pd/net";
import {
	attributeValue,
	checkIntegrity,
	decodeMessage,
	encodeMessage,
	getAttribute,
	longTermKey,
	type NamedAttribute,
	type RawAttribute,
	type StunMessage,
} from "@p2pd/stun-client/codec";
import { transactionKey } from "@p2pd/stun-client/transport";
import {
	ATTRIBUTES,
	attribute,
	ipBytes,
	METHODS,
	type MethodName,
	readXorAddress,
	writeXorAddress,
} from "../../src/codec/attributes.js";
import { channelHeader, channelOf, channelPayload } from "../../src/codec/data.js";

/** How the server behaves; may be changed while it runs. */
export interface ServerBehaviour {
	users: Record<string, string>;
	/** Every nonce serves one request only, so that each later request is answered with 438 once. */
	staleNonces: boolean;
	/** Offer SHA-256, and ask for the user's hash instead of the name (RFC 8489). */
	modern: boolean;
	/** Seconds that allocations live. */
	lifetime: number;
	/** Allocations of one user. */
	quota: number;
	/** Answer so to a request, instead of doing it; null does it. */
	refuse: (method: MethodName, request: StunMessage) => number | null;
	/** Where to send clients (300). */
	alternate: Endpoint | null;
	/** Peers that are refused. */
	denied: readonly string[];
	/** Sign answers with a wrong key, as somebody on the path would. */
	forged: boolean;
}

interface ServerAllocation {
	readonly client: Endpoint;
	readonly username: string;
	readonly sockets: Map<Family, DgramSocket>;
	/** Until when each is there. */
	expiresAt: number;
	readonly permissions: Map<string, number>;
	readonly channels: Map<number, { readonly peer: Endpoint; expiresAt: number }>;
}

const NAMES = new Map<number, MethodName>(
	Object.entries(METHODS).map(([name, method]) => [method, name as MethodName]),
);
const REALM = "memory";

/**
 * A TURN server for the in-memory network: RFC 8656 over UDP, as strict as the RFC lets it be. Lifetimes are kept to
 * the millisecond, so a refresh that comes late shows as lost datagrams.
 */
export class TestTurnServer {
	readonly behaviour: ServerBehaviour = {
		users: { me: "secret" },
		staleNonces: false,
		modern: false,
		lifetime: 600,
		quota: 1000,
		refuse: () => null,
		alternate: null,
		denied: [],
		forged: false,
	};
	/** Requests that were done, and challenges that were sent, by method. */
	readonly served = new Map<string, number>();
	/** Peers' datagrams that no permission let in, and clients' that were not relayed. */
	dropped = 0;
	readonly #socket: DgramSocket;
	readonly #relays: readonly SocketFactory[];
	readonly #clock: Clock;
	readonly #allocations = new Map<string, ServerAllocation>();
	/** Answers by transaction, for requests that are sent again. */
	readonly #answers = new Map<string, Buffer>();
	#nonces = 0;
	#usedNonces = new Set<string>();

	/** @param relays sockets at the relayed addresses, one a family */
	static async start(
		sockets: SocketFactory,
		relays: readonly SocketFactory[],
		clock: Clock,
		port = 3478,
	): Promise<TestTurnServer> {
		return new TestTurnServer(await sockets.udp({ port }), relays, clock);
	}

	private constructor(socket: DgramSocket, relays: readonly SocketFactory[], clock: Clock) {
		this.#socket = socket;
		this.#relays = relays;
		this.#clock = clock;
		socket.on("message", (data, { address, port }) => void this.#receive(data, { ip: address, port }));
	}

	get allocations(): number {
		this.#expire();
		return this.#allocations.size;
	}

	/** Forgets everything, as a restart does. */
	restart(): void {
		for (const key of [...this.#allocations.keys()]) this.#delete(key);
		this.#answers.clear();
		this.#usedNonces = new Set(Array.from({ length: this.#nonces + 1 }, (_, n) => this.#nonceText(n)));
	}

	close(): void {
		this.restart();
		this.#socket.close();
	}

	async #receive(data: Buffer, client: Endpoint): Promise<void> {
		this.#expire();
		const allocation = this.#allocations.get(endpointText(client));
		const channel = channelOf(data);
		if (channel !== 0) {
			const bound = allocation?.channels.get(channel);
			if (bound === undefined) this.dropped++;
			else this.#relay(allocation, bound.peer, channelPayload(data));
			return;
		}
		const message = decodeMessage(data);
		if (message.class === "indication") {
			const peer = readXorAddress(rawOf(message, "XOR-PEER-ADDRESS"), message.transactionId);
			if (peer !== null) this.#relay(allocation, peer, rawOf(message, "DATA"));
			return;
		}
		const key = transactionKey(message.transactionId);
		const answer = this.#answers.get(key) ?? (await this.#answer(message, client));
		this.#answers.set(key, answer);
		if (this.#answers.size > 500) for (const oldest of this.#answers.keys()) this.#answers.delete(oldest);
		this.#send(answer, client);
	}

	#send(data: Uint8Array, to: Endpoint): void {
		this.#socket.send(data, to.port, to.ip);
	}

	#relay(allocation: ServerAllocation | undefined, peer: Endpoint, data: Uint8Array): void {
		const socket = allocation?.sockets.get(familyOf(peer.ip));
		if (allocation === undefined || socket === undefined || !allocation.permissions.has(peer.ip))
			this.dropped++;
		else socket.send(data, peer.port, peer.ip);
	}

	#fromPeer(allocation: ServerAllocation, data: Buffer, peer: Endpoint): void {
		this.#expire();
		if (!allocation.permissions.has(peer.ip)) {
			this.dropped++;
			return;
		}
		for (const [channel, bound] of allocation.channels) {
			if (endpointText(bound.peer) === endpointText(peer)) {
				this.#send(Buffer.concat([channelHeader(channel, data.length), data]), allocation.client);
				return;
			}
		}
		const transactionId = new Uint8Array(12);
		const attributes = [attribute.peer(peer, transactionId), { type: ATTRIBUTES.DATA, value: data }];
		this.#send(
			encodeMessage({ class: "indication", method: METHODS.Data, transactionId, attributes }),
			allocation.client,
		);
	}

	async #answer(request: StunMessage, client: Endpoint): Promise<Buffer> {
		const method = NAMES.get(request.method) ?? "Send";
		if (this.behaviour.alternate !== null && method === "Allocate") {
			const value = this.behaviour.alternate;
			return this.#error(request, 300, undefined, [{ name: "ALTERNATE-SERVER", value }]);
		}
		const key = this.#authenticate(request);
		if (typeof key === "number") {
			this.#count(`${method} ${key}`);
			return this.#challenge(request, key);
		}
		const username = this.#usernameIn(request) ?? "";
		if (this.behaviour.forged) return this.#success(request, Buffer.alloc(16), []);
		const forced = this.behaviour.refuse(method, request);
		const status = forced ?? (await this.#do(method, request, client, username, key));
		if (typeof status === "number") {
			this.#count(`${method} ${status}`);
			return this.#error(request, status, key);
		}
		this.#count(method);
		return status;
	}

	/** The key of the user, or 401 or 438. */
	#authenticate(request: StunMessage): Buffer | number {
		const username = this.#usernameIn(request);
		const nonce = attributeValue(request, "NONCE");
		if (getAttribute(request, "NONCE") === undefined || nonce === undefined) return 401;
		if (this.#usedNonces.has(nonce) || nonce !== this.#nonceText(Number(nonce.split("-").at(-1)))) return 438;
		const password = username === undefined ? undefined : this.behaviour.users[username];
		if (username === undefined || password === undefined) return 401;
		const algorithm = this.behaviour.modern ? "sha256" : "md5";
		const key = longTermKey(username, REALM, password, algorithm);
		if (checkIntegrity(request, key, this.behaviour.modern ? "sha256" : "sha1") !== "valid") return 401;
		if (this.behaviour.staleNonces) this.#usedNonces.add(nonce);
		return key;
	}

	#usernameIn(request: StunMessage): string | undefined {
		const hash = attributeValue(request, "USERHASH");
		if (hash === undefined) return attributeValue(request, "USERNAME");
		const hashOf = (name: string): Buffer => createHash("sha256").update(`${name}:${REALM}`).digest();
		return Object.keys(this.behaviour.users).find((name) => hashOf(name).equals(hash));
	}

	#challenge(request: StunMessage, status: number): Buffer {
		const attributes: NamedAttribute[] = [
			{ name: "REALM", value: REALM },
			{ name: "NONCE", value: this.#nonceText(++this.#nonces) },
		];
		if (this.behaviour.modern) {
			const sha256 = { algorithm: 2, parameters: new Uint8Array(0) };
			attributes.push({ name: "PASSWORD-ALGORITHMS", value: [sha256] });
		}
		return this.#error(request, status, undefined, attributes);
	}

	#nonceText(number: number): string {
		// Password algorithms and username anonymity: the top two of 24 bits (RFC 8489 section 9.2).
		const features = this.behaviour.modern ? `obMatJos2${Buffer.from([0xc0, 0, 0]).toString("base64")}` : "";
		return `${features}nonce-${number}`;
	}

	async #do(
		method: MethodName,
		request: StunMessage,
		client: Endpoint,
		username: string,
		key: Buffer,
	): Promise<Buffer | number> {
		const name = endpointText(client);
		const allocation = this.#allocations.get(name);
		if (method === "Allocate")
			return allocation === undefined ? this.#allocate(request, client, username, key) : 437;
		if (allocation === undefined) return 437;
		if (allocation.username !== username) return 441;
		const now = this.#clock.now();
		if (method === "Refresh") {
			const asked = rawOf(request, "LIFETIME");
			const lifetime =
				asked.length === 4 && new DataView(asked.buffer, asked.byteOffset).getUint32(0) === 0 ? 0 : null;
			if (lifetime === 0) this.#delete(name);
			else allocation.expiresAt = now + this.behaviour.lifetime * 1000;
			return this.#success(request, key, [attribute.lifetime(lifetime ?? this.behaviour.lifetime)]);
		}
		const peers = request.attributes
			.filter(({ type }) => type === ATTRIBUTES["XOR-PEER-ADDRESS"])
			.map(({ raw }) => readXorAddress(raw, request.transactionId));
		for (const peer of peers) {
			if (peer === null) return 400;
			if (!allocation.sockets.has(familyOf(peer.ip))) return 443;
			if (this.behaviour.denied.includes(peer.ip)) return 403;
		}
		for (const peer of peers) if (peer !== null) allocation.permissions.set(peer.ip, now + 300_000);
		if (method === "CreatePermission") return this.#success(request, key, []);
		const [peer] = peers;
		const [high = 0, low = 0] = rawOf(request, "CHANNEL-NUMBER");
		const channel = high * 256 + low;
		if (method !== "ChannelBind" || peer === null || peer === undefined) return 400;
		const bound = allocation.channels.get(channel);
		if (bound !== undefined && endpointText(bound.peer) !== endpointText(peer)) return 400;
		allocation.channels.set(channel, { peer, expiresAt: now + 600_000 });
		return this.#success(request, key, []);
	}

	async #allocate(
		request: StunMessage,
		client: Endpoint,
		username: string,
		key: Buffer,
	): Promise<Buffer | number> {
		const ofUser = [...this.#allocations.values()].filter((each) => each.username === username);
		if (ofUser.length >= this.behaviour.quota) return 486;
		if (rawOf(request, "REQUESTED-TRANSPORT")[0] !== 17) return 442;
		const wanted: Family = rawOf(request, "REQUESTED-ADDRESS-FAMILY")[0] === 2 ? 6 : 4;
		const families: Family[] = rawOf(request, "ADDITIONAL-ADDRESS-FAMILY").length > 0 ? [4, 6] : [wanted];
		const sockets = new Map<Family, DgramSocket>();
		for (const relay of this.#relays)
			if (families.includes(relay.af)) sockets.set(relay.af, await relay.udp());
		if (sockets.size === 0) return 440;
		const allocation: ServerAllocation = {
			client,
			username,
			sockets,
			expiresAt: this.#clock.now() + this.behaviour.lifetime * 1000,
			permissions: new Map(),
			channels: new Map(),
		};
		this.#allocations.set(endpointText(client), allocation);
		const attributes: (RawAttribute | NamedAttribute)[] = [];
		for (const socket of sockets.values()) {
			socket.on("message", (data, { address, port }) =>
				this.#fromPeer(allocation, data, { ip: address, port }),
			);
			const { address, port } = socket.address();
			const relayed = ipBytes(address);
			const value = new Uint8Array(4 + relayed.length);
			writeXorAddress(value, 0, relayed, port, request.transactionId);
			attributes.push({ type: ATTRIBUTES["XOR-RELAYED-ADDRESS"], value });
		}
		attributes.push(
			{ name: "XOR-MAPPED-ADDRESS", value: client },
			attribute.lifetime(this.behaviour.lifetime),
		);
		return this.#success(request, key, attributes);
	}

	#success(
		request: StunMessage,
		key: Buffer,
		attributes: readonly (RawAttribute | NamedAttribute)[],
	): Buffer {
		const { method, transactionId } = request;
		const integrity = { key, algorithm: this.behaviour.modern ? "sha256" : "sha1" } as const;
		return encodeMessage({
			class: "success",
			method,
			transactionId: Uint8Array.from(transactionId),
			attributes,
			integrity,
		});
	}

	#error(
		request: StunMessage,
		status: number,
		key?: Buffer,
		attributes: readonly NamedAttribute[] = [],
	): Buffer {
		const { method, transactionId } = request;
		return encodeMessage({
			class: "error",
			method,
			transactionId: Uint8Array.from(transactionId),
			attributes: [{ name: "ERROR-CODE", value: { status, reason: `test ${status}` } }, ...attributes],
			...(key !== undefined && {
				integrity: { key, algorithm: this.behaviour.modern ? ("sha256" as const) : ("sha1" as const) },
			}),
		});
	}

	#count(what: string): void {
		this.served.set(what, (this.served.get(what) ?? 0) + 1);
	}

	/** Ends what has lapsed. */
	#expire(): void {
		const now = this.#clock.now();
		for (const [name, { expiresAt, permissions, channels }] of this.#allocations) {
			if (expiresAt <= now) this.#delete(name);
			for (const [ip, until] of permissions) if (until <= now) permissions.delete(ip);
			for (const [channel, { expiresAt: until }] of channels) if (until <= now) channels.delete(channel);
		}
	}

	#delete(name: string): void {
		for (const socket of this.#allocations.get(name)?.sockets.values() ?? []) socket.close();
		this.#allocations.delete(name);
	}
}

const familyOf = (ip: string): Family => (ip.includes(":") ? 6 : 4);

/** The bytes of an attribute; empty if it is absent. */
function rawOf(message: StunMessage, name: keyof typeof ATTRIBUTES): Uint8Array {
	return message.attributes.find(({ type }) => type === ATTRIBUTES[name])?.raw ?? new Uint8Array(0);
}
