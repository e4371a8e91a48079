/// Whether compressed bodies are asked for and decoded (RFC 9110 §8.4), and how far that may go.
///
/// When it is on, Accept-Encoding lists what the linked libcurl can decode (gzip, deflate, br, zstd, or fewer), and a body
/// that comes encoded is decoded on its way. Its Content-Encoding and Content-Length are then taken out of the visible
/// header fields, since they describe bytes that nobody sees; ``ResponseHead/decodedFrom`` names the coding. A request
/// with an Accept-Encoding of its own, or with a Range (a part of an encoded body cannot be decoded), gets what comes.
///
/// Known limit: libcurl 7.88 does not notice an encoded body that is framed rightly (its length or its last chunk came) but
/// stops inside the coding; what was decoded by then is taken for all of it. Damage inside is noticed.
/// Before libcurl 8.13, what one read of 16 kB becomes while the consumer pauses is held beside the queue: at the ratio of
/// honest content 3 MB at most, for a bomb up to 64 MB, at which it fails.
public struct ContentDecoding: Sendable, Hashable {
    /// False: nothing is asked for, and what comes is handed on as it is.
    public var isEnabled: Bool
    /// The largest number of decoded bytes per byte on the wire. Default 200: text and JSON stay below 50, pages of one
    /// repeated record below 150, and a bomb of zeros is above 1000. Beyond it the send fails with `decompression_bomb`.
    /// Looked at from the first megabyte on, since a small body can do no harm. At least 1.
    public var maxRatio = 200
    /// The most decoded bytes of a streamed body; more fails with `body_too_large`. Default `nil`: no limit, as the
    /// consumer decides how much it takes. A collected body has a limit of its own (`maxResponseBytes`), which counts
    /// decoded bytes as well.
    public var maxStreamedBytes: Int?

    /// Ask and decode.
    public static let automatic = ContentDecoding(isEnabled: true)
    /// Neither ask nor decode.
    public static let off = ContentDecoding(isEnabled: false)

    private init(isEnabled: Bool) { self.isEnabled = isEnabled }
}
