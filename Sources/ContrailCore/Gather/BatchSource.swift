/// Takes items from a source until they make a batch.
actor BatchSource<Item: Sendable> {
    private let items: GatherSource<Item>
    private var packer: BatchPacker<Item>
    /// Nothing comes any more; thrown once, behind what came before.
    private var end: Result<Void, any Error>?

    init(_ items: @escaping GatherSource<Item>, size: HTTPCall.BatchSize<Item>) {
        self.items = items
        packer = BatchPacker(size: size)
    }

    func next() async throws -> BatchPacker<Item>.Pack? {
        while end == nil {
            do {
                guard let item = try await items() else {
                    end = .success(())
                    break
                }
                if let pack = packer.add(item) { return pack }
            } catch {
                end = .failure(error)
            }
        }
        if let rest = packer.flush() { return rest }
        try end?.get()
        return nil
    }
}
