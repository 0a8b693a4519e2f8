import { networkInterfaces } from "node:os";

/** The loopback NIC's name: `lo` on Linux, `lo0` on macOS, a longer one on Windows. */
export function loopbackNic(): string {
	for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
		if (addresses.some(({ address }) => address === "127.0.0.1")) return name;
	}
	return "lo";
}
