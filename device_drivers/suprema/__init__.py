"""Suprema's terminals behind a G-SDK device gateway, by gRPC over TLS; the gateway is under the maker's licence."""
