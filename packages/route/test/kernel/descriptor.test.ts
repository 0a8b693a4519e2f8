import { IpAddress } from "@p2pd/address";
import { describe, expect, it } from "vitest";
import { type DescriptorPlan, openDescriptor } from "../../src/kernel/descriptor.js";
import { DARWIN, LINUX } from "../../src/kernel/numbers.js";
import { fakeLibc } from "./fake-libc.js";

const nic = { name: "eth1", index: null, isDefault: () => false };
const plan = (ip: string, part: Partial<DescriptorPlan> = {}): DescriptorPlan => ({
	af: IpAddress.parse(ip).af,
	type: "stream",
	device: nic,
	bind: { ip: IpAddress.parse(ip), port: 0x1234 },
	...part,
});
const everything = {
	reuseAddress: true,
	reusePort: true,
	broadcast: true,
	ttl: 9,
	lingerSeconds: 3,
	v6only: true,
	backlog: 5,
};
const made = (numbers: typeof LINUX, wanted: DescriptorPlan): string[] => {
	const { libc, calls } = fakeLibc();
	expect(openDescriptor(libc, numbers, wanted)).toBe(7);
	return calls;
};

// Expected bytes are those of a little-endian machine, as every platform with a native part is.
describe("the calls for a socket", () => {
	it("are these on Linux, IPv4", () => {
		expect(made(LINUX, plan("10.0.0.5", { ...everything, portAtConnect: true, freeBind: true }))).toEqual([
			"socket 2 526337 0", // AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
			"setsockopt 1 25 6574683100", // SO_BINDTODEVICE "eth1"
			"setsockopt 1 2 01000000", // SO_REUSEADDR
			"setsockopt 1 15 01000000", // SO_REUSEPORT
			"setsockopt 1 6 01000000", // SO_BROADCAST
			"setsockopt 0 2 09000000", // IP_TTL
			"setsockopt 1 13 0100000003000000", // SO_LINGER
			"setsockopt 0 24 01000000", // IP_BIND_ADDRESS_NO_PORT
			"setsockopt 0 15 01000000", // IP_FREEBIND
			"bind 020012340a0000050000000000000000",
			"listen 5",
		]);
	});

	it("are these on Linux, IPv6", () => {
		expect(made(LINUX, plan("fe80::5%eth1", { ...everything, type: "dgram" }))).toEqual([
			"socket 10 526338 0",
			"setsockopt 1 25 6574683100",
			"setsockopt 1 2 01000000",
			"setsockopt 1 15 01000000",
			"setsockopt 1 6 01000000",
			"setsockopt 41 26 01000000", // IPV6_V6ONLY
			"setsockopt 41 16 09000000", // IPV6_UNICAST_HOPS
			"setsockopt 1 13 0100000003000000",
			"bind 0a00123400000000fe80000000000000000000000000000505000000",
			"listen 5",
		]);
	});

	it("are these on macOS, IPv4", () => {
		expect(made(DARWIN, plan("10.0.0.5", { ...everything, portAtConnect: true }))).toEqual([
			"socket 2 1 0",
			"fcntl 2 1", // F_SETFD, FD_CLOEXEC
			"setsockopt 0 25 05000000", // IP_BOUND_IF
			"setsockopt 65535 4 01000000",
			"setsockopt 65535 512 01000000",
			"setsockopt 65535 32 01000000",
			"setsockopt 0 4 09000000",
			"setsockopt 65535 4224 0100000003000000", // SO_LINGER_SEC
			"bind 100212340a0000050000000000000000", // length, family
			"listen 5",
		]);
	});

	it("are these on macOS, IPv6", () => {
		expect(made(DARWIN, plan("2001:db8::5", { device: { ...nic, index: 9 }, v6only: false }))).toEqual([
			"socket 30 1 0",
			"fcntl 2 1",
			"setsockopt 41 125 09000000", // IPV6_BOUND_IF
			"setsockopt 41 27 00000000",
			"bind 1c1e12340000000020010db800000000000000000000000500000000",
		]);
	});

	it("are no more than what is asked for", () => {
		expect(made(LINUX, plan("10.0.0.5", { device: null, bind: null }))).toEqual(["socket 2 526337 0"]);
	});
});

describe("whichever call fails", () => {
	it.each([
		["socket", "socket", "IPv4 stream"],
		["setsockopt 1 25", "setsockopt SO_BINDTODEVICE", "eth1"],
		["setsockopt 1 2 ", "setsockopt SO_REUSEADDR", null],
		["setsockopt 1 15", "setsockopt SO_REUSEPORT", null],
		["setsockopt 1 6", "setsockopt SO_BROADCAST", null],
		["setsockopt 0 2 ", "setsockopt IP_TTL", null],
		["setsockopt 1 13", "setsockopt SO_LINGER", null],
		["setsockopt 0 24", "setsockopt IP_BIND_ADDRESS_NO_PORT", null],
		["setsockopt 0 15", "setsockopt IP_FREEBIND", null],
		["bind", "bind", "10.0.0.5:4660"],
		["listen", "listen", "10.0.0.5:4660"],
	])("it is named, and nothing stays open: %s", (failing, call, subject) => {
		const { libc, open } = fakeLibc(failing);
		const wanted = plan("10.0.0.5", { ...everything, portAtConnect: true, freeBind: true });
		expect(() => openDescriptor(libc, LINUX, wanted)).toThrow(
			expect.objectContaining({ code: "ERR_ROUTE_SOCKET", call, subject, errno: "EPERM" }),
		);
		expect(open.size).toBe(0);
	});

	it.each([
		["fcntl", "fcntl FD_CLOEXEC", null],
		["setsockopt 0 25", "setsockopt IP_BOUND_IF", "eth1"],
	])("it is named, and nothing stays open, on macOS: %s", (failing, call, subject) => {
		const { libc, open } = fakeLibc(failing);
		expect(() => openDescriptor(libc, DARWIN, plan("10.0.0.5"))).toThrow(
			expect.objectContaining({ call, subject }),
		);
		expect(open.size).toBe(0);
	});

	it("a zone that is no NIC is named", () => {
		const { libc, open } = fakeLibc();
		expect(() => openDescriptor(libc, LINUX, plan("fe80::1%gone0", { device: null }))).toThrow(
			expect.objectContaining({ call: "if_nametoindex", subject: "gone0" }),
		);
		expect(open.size).toBe(0);
	});
});
