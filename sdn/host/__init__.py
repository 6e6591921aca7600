"""The kernel: namespaces, links, addresses, routes, filters, processes. Everything here happens inside a lab."""
