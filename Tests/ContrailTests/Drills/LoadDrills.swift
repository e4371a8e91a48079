import ContrailTestSupport
import Testing

/// Minutes of load on real sockets, one after the other, with figures: `scripts/test --drills`.
@Suite(.serialized, .enabled(if: TestEnvironment.isLong, "set CONTRAIL_TEST_LONG"), .timeLimit(.minutes(10)))
enum LoadDrills {}
