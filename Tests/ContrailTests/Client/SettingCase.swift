import Contrail
import Testing

/// A setting, and a change that makes no sense of it: a row of a table.
struct SettingCase: Sendable, CustomTestStringConvertible {
    let name: String
    let change: @Sendable (inout HTTPClient.Configuration) -> Void
    var testDescription: String { name }

    init(_ name: String, _ change: @escaping @Sendable (inout HTTPClient.Configuration) -> Void) {
        self.name = name
        self.change = change
    }
}
