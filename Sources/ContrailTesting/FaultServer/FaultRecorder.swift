/// What a ``FaultServer`` has seen, within its limits.
struct FaultRecorder: Sendable {
    private(set) var record = FaultServer.Record()
    private var keptBodyBytes = 0
    private let maxRequests: Int
    private let maxBodyBytes: Int

    init(_ configuration: FaultServer.Configuration) {
        maxRequests = configuration.maxKeptRequests
        maxBodyBytes = configuration.maxKeptBodyBytes
    }

    /// A connection was accepted.
    mutating func connected() {
        record.connectionCount += 1
        record.openConnectionCount += 1
    }

    /// A connection is over.
    mutating func disconnected() { record.openConnectionCount -= 1 }

    /// A head came.
    mutating func begin(
        method: String, target: String, head: String, connection: Int, numberOnConnection: Int
    ) -> FaultServer.ReceivedRequest {
        record.requestCount += 1
        let request = FaultServer.ReceivedRequest(
            number: record.requestCount, connection: connection, numberOnConnection: numberOnConnection, method: method,
            target: target, head: head)
        if record.requests.count < maxRequests { record.requests.append(request) }
        return request
    }

    /// A piece of its body came.
    mutating func add(_ bytes: [UInt8], to number: Int) {
        record.bodyBytes += Int64(bytes.count)
        guard let index = index(of: number) else { return }
        record.requests[index].bodyBytes += Int64(bytes.count)
        let kept = bytes.prefix(maxBodyBytes - keptBodyBytes)
        keptBodyBytes += kept.count
        record.requests[index].body += kept
    }

    /// Its body is complete.
    mutating func complete(_ number: Int) {
        if let index = index(of: number) { record.requests[index].isComplete = true }
    }

    private func index(of number: Int) -> Int? { number <= record.requests.count ? number - 1 : nil }
}
