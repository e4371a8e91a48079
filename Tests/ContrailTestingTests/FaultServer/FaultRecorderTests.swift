import Testing

@testable import ContrailTesting

@Suite struct FaultRecorderTests {
    private func recorder(requests: Int = 10, bodyBytes: Int = 100) -> FaultRecorder {
        var configuration = FaultServer.Configuration()
        configuration.maxKeptRequests = requests
        configuration.maxKeptBodyBytes = bodyBytes
        return FaultRecorder(configuration)
    }

    private func begin(_ recorder: inout FaultRecorder, _ target: String = "/a", head: String = "") -> Int {
        recorder.begin(method: "GET", target: target, head: head, connection: 1, numberOnConnection: 1).number
    }

    @Test func requestsBeyondTheLimitAreCountedOnly() {
        var recorder = recorder(requests: 2)
        let numbers = (0..<3).map { _ in begin(&recorder) }
        recorder.add([1, 2, 3], to: numbers[2])
        recorder.complete(numbers[2])
        #expect(recorder.record.requests.count == 2)
        #expect(recorder.record.requestCount == 3)
        #expect(recorder.record.notKept == 1)
        #expect(recorder.record.bodyBytes == 3)
    }

    @Test func bytesBeyondTheLimitAreCountedOnly() {
        var recorder = recorder(bodyBytes: 5)
        let (first, second) = (begin(&recorder), begin(&recorder))
        recorder.add([1, 2, 3], to: first)
        recorder.add([4, 5, 6], to: second)
        recorder.add([7], to: first)
        #expect(recorder.record.requests.map(\.body) == [[1, 2, 3], [4, 5]])
        #expect(recorder.record.requests.map(\.bodyBytes) == [4, 3])
        #expect(recorder.record.bodyBytes == 7)
    }

    @Test func aRequestIsCompleteOnlyOnceItsBodyIs() {
        var recorder = recorder()
        let number = begin(&recorder)
        #expect(!recorder.record.requests[0].isComplete)
        recorder.complete(number)
        #expect(recorder.record.requests[0].isComplete)
    }

    @Test func countsByPathWithoutQuery() {
        var recorder = recorder()
        for target in ["/a", "/a?x=1", "/b"] { _ = begin(&recorder, target) }
        #expect(recorder.record.count(of: "/a") == 2)
        #expect(recorder.record.requests(to: "/b").map(\.target) == ["/b"])
    }

    @Test func tellsTheTraceContext() {
        var recorder = recorder()
        _ = begin(
            &recorder,
            head: "GET / HTTP/1.1\r\nTraceParent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n")
        _ = begin(&recorder, head: "GET / HTTP/1.1\r\n\r\n")
        #expect(recorder.record.traceparents == ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
        #expect(recorder.record.requests.map(\.parentSpanID) == ["b7ad6b7169203331", nil])
    }

    @Test func connectionsComeAndGo() {
        var recorder = recorder()
        recorder.connected()
        recorder.connected()
        recorder.disconnected()
        #expect(recorder.record.connectionCount == 2)
        #expect(recorder.record.openConnectionCount == 1)
    }
}
