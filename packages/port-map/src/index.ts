/**
 * Port mapping by PCP, NAT-PMP and UPnP IGD: ports that the router forwards, with leases.
 *
 * @packageDocumentation
 */
export {};
