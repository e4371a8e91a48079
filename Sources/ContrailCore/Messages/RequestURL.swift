/// An absolute http or https URL, checked: what the policies key on, what spans show and what goes on the wire agree.
public struct RequestURL: Sendable, Hashable {
    /// The URL as it goes on the wire, percent-encoded where needed; without user info, with the fragment if given.
    public let text: String
    /// Scheme, host and port.
    public let origin: Origin
    /// Where path and query begin in ``text``, as a UTF-8 offset.
    let pathOffset: Int

    package init(text: String, origin: Origin, pathOffset: Int) {
        self.text = text
        self.origin = origin
        self.pathOffset = pathOffset
    }
}
