/// Why a text is not a URL that can be fetched. The caller's fault; trying again cannot help.
public struct InvalidURL: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in a sentence that shows no secret.
    public let description: String

    init(_ description: String) { self.description = description }
}
