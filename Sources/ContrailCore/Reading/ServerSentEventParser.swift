/// Makes events of lines (WHATWG HTML §9.2.6, "Interpreting an event stream"). Pure.
struct ServerSentEventParser: Sendable {
    struct TooLarge: Error {}

    private let maxEventBytes: Int
    private var data: [UInt8] = []
    private var type: [UInt8] = []
    /// Takes effect with the next empty line.
    private var pendingID = ""
    /// The id of the last event that was complete: what to ask for after a break.
    private(set) var lastEventID = ""
    /// How long the server wants a client to wait before it connects again.
    private(set) var reconnectionTime: Duration?

    init(maxEventBytes: Int) { self.maxEventBytes = maxEventBytes }

    /// The event that this line completes, if it does. An event that the end of the body cuts off is none.
    mutating func take(_ line: ArraySlice<UInt8>) throws(TooLarge) -> HTTPCall.ServerSentEvent? {
        guard !line.isEmpty else { return dispatch() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        // A line that begins with a colon is a comment: its name is empty, like that of no field.
        try set(line[..<colon], value)
        return nil
    }

    private mutating func set(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) throws(TooLarge) {
        if name.elementsEqual("data".utf8) {
            guard data.count + type.count + value.count < maxEventBytes else { throw TooLarge() }
            data += value
            data.append(UInt8(ascii: "\n"))
        } else if name.elementsEqual("event".utf8) {
            guard data.count + value.count < maxEventBytes else { throw TooLarge() }
            type = Array(value)
        } else if name.elementsEqual("id".utf8) {
            if !value.contains(0) { pendingID = String(decoding: value, as: UTF8.self) }
        } else if name.elementsEqual("retry".utf8) {
            if let time = Self.milliseconds(value) { reconnectionTime = time }
        }
    }

    private mutating func dispatch() -> HTTPCall.ServerSentEvent? {
        defer {
            data.removeAll(keepingCapacity: data.count <= 64 * 1024)
            type = []
        }
        lastEventID = pendingID
        guard !data.isEmpty else { return nil }
        return HTTPCall.ServerSentEvent(
            event: type.isEmpty ? "message" : String(decoding: type, as: UTF8.self),
            data: String(decoding: data.dropLast(), as: UTF8.self), id: lastEventID, retry: reconnectionTime)
    }

    /// Digits only; what does not fit is as good as none.
    private static func milliseconds(_ value: ArraySlice<UInt8>) -> Duration? {
        guard !value.isEmpty, value.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(String(decoding: value, as: UTF8.self)).map { .milliseconds($0) }
    }
}
