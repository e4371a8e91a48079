import ContrailCore

/// What libcurl's options of a request depend on besides its URL, its fields and its body.
///
/// Two requests of one form differ in so few options that the handle of the first does for the second without being reset,
/// which saves a tenth of what a small request costs.
struct RequestForm: OptionSet {
    let rawValue: UInt32

    /// No form of a request: the handle has to be reset.
    static var unknown: RequestForm { [] }
    static var get: RequestForm { RequestForm(rawValue: 1) }
    static var head: RequestForm { RequestForm(rawValue: 2) }
    static var body: RequestForm { RequestForm(rawValue: 4) }
    /// The method is not the one that libcurl sends by itself.
    static var namedMethod: RequestForm { RequestForm(rawValue: 8) }
    static var decodes: RequestForm { RequestForm(rawValue: 16) }
    static var largeReads: RequestForm { RequestForm(rawValue: 32) }
    /// Has options that no other request may inherit.
    static var once: RequestForm { RequestForm(rawValue: 64) }

    /// What the handle may be taken for behind a request of this form.
    var left: RequestForm { contains(.once) ? .unknown : self }
}

extension RequestForm {
    init(_ transfer: Transfer) {
        switch transfer.block.shape {
        case .bare: self = .get
        case .head: self = .head
        case .body: self = .body
        }
        if transfer.block.namesMethod { insert(.namedMethod) }
        if transfer.decoding != nil { insert(.decodes) }
        if transfer.mode == .streaming, transfer.decoding == nil { insert(.largeReads) }
        if transfer.upload != nil || transfer.needsNewConnection { insert(.once) }
    }
}
