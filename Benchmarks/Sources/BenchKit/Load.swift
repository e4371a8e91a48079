/// What a contender is asked to do: so many requests, so many at a time.
public struct Load: Sendable {
    /// The kinds of work.
    public enum Kind: String, Sendable {
        /// GET, the body read to its end.
        case get
        /// POST of 1 kB of JSON that is encoded per request; 1 kB of JSON comes back and is decoded.
        case post
        /// As many GETs as may be under way, all at once; the next lot when the last of them is done. Timed as a whole.
        case fanout
        /// A list of different URLs, so many under way at a time, by whatever the contender has for that.
        case gather
        /// GET from a server that often answers 503, repeated until it does not.
        case flaky
    }

    /// What is done.
    public let kind: Kind
    /// Where it goes.
    public let url: String
    /// Requests in all.
    public let count: Int
    /// Requests under way at any time.
    public let concurrency: Int
    /// What follows the four that every contender understands.
    public let options: [String]

    /// From the command line; `nil` if it is not understood.
    public init?(arguments: [String] = CommandLine.arguments) {
        guard arguments.count >= 5, let kind = Kind(rawValue: arguments[1]), let count = Int(arguments[3]),
            let concurrency = Int(arguments[4]), count > 0, concurrency > 0
        else { return nil }
        self.kind = kind
        url = arguments[2]
        self.count = count
        self.concurrency = concurrency
        options = Array(arguments.dropFirst(5))
    }

    /// The URLs of a gathering, all different.
    public func urls() -> some Sequence<String> & Sendable {
        (0..<count).lazy.map { [url] in "\(url)?n=\($0)" }
    }

    /// What is posted and what comes back.
    public struct Item: Codable, Sendable {
        /// A number.
        public var id: Int
        /// An embedding.
        public var vector: [Double]
        /// What was embedded.
        public var text: String

        /// About 1 kB as JSON.
        public static let sample = Item(
            id: 42, vector: (0..<64).map { Double($0) * 0.125 }, text: String(repeating: "x", count: 600))
    }
}

/// How a server that often answers 503 is asked again: the same for everybody, with whatever means they have.
public enum Patience {
    /// Requests in all.
    public static let attempts = 10
    /// The first wait is random below this, each further one below the double.
    public static let base = Duration.milliseconds(1)
    /// No wait is longer.
    public static let cap = Duration.milliseconds(64)

    /// Full jitter, as Contrail's own back-off.
    static func wait(beforeRetry retry: Int) -> Duration {
        min(base * (1 << min(retry, 10)), cap) * Double.random(in: 0..<1)
    }
}
