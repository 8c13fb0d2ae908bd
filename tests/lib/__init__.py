"""What the scenario tests, the demo, the crash harness and the benchmarks
share: real XMPP servers, the gateway, a client and the modem simulator."""
