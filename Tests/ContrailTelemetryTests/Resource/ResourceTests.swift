import ContrailTesting
import Testing

@testable import ContrailTelemetry

@Suite("Resource")
struct ResourceTests {
    @Test func updatingWinsEvenIfEmpty() {
        let old = Telemetry.Resource(attributes: [.init("a", .string("1")), .init("b", .string("2"))])
        let new = Telemetry.Resource(attributes: [.init("b", .string("")), .init("c", .string("3"))])
        #expect(
            old.merging(new).attributes == [
                .init("a", .string("1")), .init("b", .string("")), .init("c", .string("3")),
            ])
    }

    @Test func keysStayUnique() {
        let twice = Telemetry.Resource(attributes: [.init("a", .int(1)), .init("a", .int(2))])
        #expect(twice.merging(Telemetry.Resource()).attributes == [.init("a", .int(2))])
    }

    @Test(arguments: [
        ("", "", ""), ("x", "", "x"), ("", "y", "y"), ("x", "x", "x"), ("x", "y", ""),
    ])
    func schemaOfTheMerged(old: String, updating: String, merged: String) {
        let result = Telemetry.Resource(schemaURL: old).merging(Telemetry.Resource(schemaURL: updating))
        #expect(result.schemaURL == merged)
    }

    @Test(
        arguments: [
            ("checkout", "app", "checkout"), (nil, "app", "unknown_service:app"), ("", "app", "unknown_service:app"),
            (nil, nil, "unknown_service"), (nil, "", "unknown_service"),
        ] as [(String?, String?, String)])
    func serviceNameFallsBack(name: String?, executable: String?, expected: String) {
        let resource = Telemetry.Resource.default(serviceName: name, executable: executable)
        #expect(resource["service.name"] == .string(expected))
    }

    @Test func namesTheSDK() {
        let resource = Telemetry.Resource.default(serviceName: "x")
        #expect(resource["telemetry.sdk.name"] == .string("contrail"))
        #expect(resource["telemetry.sdk.language"] == .string("swift"))
        #expect(resource["telemetry.sdk.version"] == .string("0.1.0"))
        #expect(resource["nonsense"] == nil)
    }

    @Test func instanceIDIsARandomUUID() throws {
        let random = SeededRandom(seed: 3)
        var ids: Set<String> = []
        for _ in 0..<200 {
            let resource = Telemetry.Resource.default(serviceName: "x", random: random)
            guard case .string(let id) = resource["service.instance.id"] else {
                Issue.record("no instance id")
                return
            }
            #expect(
                try id.wholeMatch(of: Regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"))
                    != nil)
            ids.insert(id)
        }
        #expect(ids.count == 200)
    }
}
