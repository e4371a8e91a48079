import CallChain
import Testing

@Suite struct TopologyTests {
    @Test func theShopIsAGatewayTenServicesAndAChainOfTwoBehindOneOfThem() throws {
        let roles = Dictionary(uniqueKeysWithValues: Topology.shop.services.map { ($0.name, $0) })
        #expect(roles.count == 13)
        let ten = try #require(roles["gateway"]).calls
        #expect(ten.count == 10)
        let behindTheTen = ten.flatMap { roles[$0]?.calls ?? [] }
        #expect(behindTheTen.count == 1)
        #expect(behindTheTen.flatMap { roles[$0]?.calls ?? [] }.count == 1)
        #expect(Set(ten.compactMap { roles[$0]?.behaviour }) == Set(Behaviour.allCases))
    }

    @Test func aServiceStartsAfterThoseItCalls() throws {
        let waves = try #require(Topology.shop.waves).map { $0.map(\.name) }
        #expect(waves.dropFirst() == [["carriers"], ["shipping"], ["gateway"]])
        #expect(waves.first?.contains("geocoding") == true)
    }

    @Test(arguments: [
        [ServiceRole("a", calls: ["b"]), ServiceRole("b", calls: ["a"])], [ServiceRole("a", calls: ["nobody"])],
    ])
    func aCircleOrAMissingServiceHasNoOrder(_ services: [ServiceRole]) {
        #expect(Topology(services: services, entry: "a").waves == nil)
    }

    @Test func everyFailureCostsOneMoreRequest() {
        let expected = Topology.shop.expectedRequests
        #expect(expected["pricing"] == 3)
        #expect(expected["inventory"] == 2)
        #expect(expected["gateway"] == 1)
        #expect(expected.values.reduce(0, +) == 16)
    }
}
