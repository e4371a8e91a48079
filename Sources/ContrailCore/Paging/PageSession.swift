import HTTPTypes

/// Decides whether the next page of a series is fetched. Pure.
struct PageSession {
    /// What makes two requests the same one.
    struct Key: Hashable {
        let method: HTTPRequest.Method
        let url: Substring
        let headers: HTTPFields
        let body: [UInt8]
    }

    enum Refusal: Equatable {
        case loop
        case tooMany
    }

    private let maxPages: Int
    private var count = 0
    /// At most as many as pages.
    private var seen: Set<Key> = []

    /// - Parameter maxPages: at least 1; smaller values count as that.
    init(maxPages: Int) { self.maxPages = max(maxPages, 1) }

    /// A page is about to be fetched. Why it must not be; `nil`: it may.
    /// - Parameter key: `nil`: no two are the same.
    mutating func begin(_ key: Key?) -> Refusal? {
        if let key, !seen.insert(key).inserted { return .loop }
        guard count < maxPages else { return .tooMany }
        count += 1
        return nil
    }
}
