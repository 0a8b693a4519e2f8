import type { Delta, NatType } from "@p2pd/nat";
import type { Family } from "@p2pd/net";

/**
 * How a candidate can be reached. `lan`: an address of the local network. `external`: the address that the rest of the
 * world sees, or a public address of the node's own. `mapped`: a port that the router forwards. `relay`: on a TURN server.
 */
export type CandidateKind = "lan" | "external" | "mapped" | "relay";

/** By which protocol a router was asked for a `mapped` candidate. */
export type MappingProtocol = "pcp" | "nat-pmp" | "upnp";

/** What is known of the NAT before a candidate, in P2PD's numbers. */
export interface CandidateNat {
	readonly type: NatType;
	readonly delta: Delta;
}

/** One address and port at which a node may be reached. */
export interface PeerCandidate {
	readonly kind: CandidateKind;
	readonly af: Family;
	/** Canonical text, without a zone: a zone means nothing on another host. */
	readonly ip: string;
	readonly port: number;
	/** Listens for TCP connections there. */
	readonly tcp: boolean;
	/** Takes datagrams there. */
	readonly udp: boolean;
	/** The NIC, as a number from 0 to 15 within this address: candidates with the same number share it. */
	readonly nic: number;
	/** The NAT in front of it; null where that is not known. */
	readonly nat: CandidateNat | null;
	/** Null unless the kind is `mapped`. */
	readonly mappedBy: MappingProtocol | null;
}

/** What a node says of itself when it signs an address. */
export interface PeerAddressFields {
	/** URLs of the brokers on which the node listens, best first; at most 4. */
	readonly signals: readonly string[];
	/** At most 32. */
	readonly candidates: readonly PeerCandidate[];
	/** Higher in every newer address of the node: seconds since 1970, as a rule. */
	readonly sequence: number;
	/** When the candidates stop being valid, in seconds since 1970. The id and the signal URLs do not expire. */
	readonly expires: number;
}

/** A node's public keys, raw: 32 bytes each. */
export interface PeerKeys {
	/** Ed25519. It never changes; the node id is its hash. */
	readonly signing: Uint8Array;
	/** X25519. It rotates: an address with a higher sequence number may name another one. */
	readonly agreement: Uint8Array;
}

/** P2PD's own address text, as read. It is not signed: anyone can have written it. */
export interface P2pdAddress {
	readonly signed: false;
	/** Indexes into P2PD's built-in list of brokers; empty for `None`. */
	readonly signals: readonly number[];
	readonly candidates: readonly P2pdCandidate[];
	/** 25 hex digits: the start of SHA-256 of a public key. */
	readonly nodeId: string;
	readonly machineId: string;
}

/** One entry of a family in P2PD's address text. */
export interface P2pdCandidate {
	readonly af: Family;
	readonly netifaceIndex: number;
	readonly ifIndex: number;
	readonly externalIp: string;
	readonly nicIp: string;
	readonly port: number;
	readonly nat: CandidateNat;
}
