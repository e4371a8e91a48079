/// Which loop gets a send.
enum Placement {
    /// Up to this many sends under way, an origin stays on its home loop, where its connections are.
    static let homeCapacity = 64

    /// The index of the loop: the origin's home while it has room, otherwise the least loaded one.
    static func choose(home: Int, loads: [Int]) -> Int {
        guard loads.count > 1 else { return 0 }
        let home = Int(UInt(bitPattern: home) % UInt(loads.count))
        guard loads[home] >= homeCapacity else { return home }
        return loads.indices.min { loads[$0] < loads[$1] } ?? home
    }
}
