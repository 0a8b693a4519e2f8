/**
 * Private: the laboratory. An in-memory network, and real NATs in network namespaces.
 *
 * @packageDocumentation
 */
export {};
