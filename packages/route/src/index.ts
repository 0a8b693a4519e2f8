/**
 * Routes from NIC addresses to external addresses, and sockets that leave through exactly that NIC and address.
 *
 * @packageDocumentation
 */
export {};
