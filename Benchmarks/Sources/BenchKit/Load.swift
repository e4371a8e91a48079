/// What a contender is asked to do: so many requests, so many at a time.
public struct Load: Sendable {
    /// The kinds of requests.
    public enum Kind: String, Sendable {
        /// GET, the body read to its end.
        case get
        /// POST of 1 kB of JSON that is encoded per request; 1 kB of JSON comes back and is decoded.
        case post
    }

    /// What each request is.
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
