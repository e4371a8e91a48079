/// Reads typed values from environment variables, and keeps a warning for each that is no good.
///
/// An empty variable is an unset one; a bad value is ignored and told (OTel Configuration, "Environment Variables").
/// Warnings name the variable; they show values of numbers and flags only, since the rest may hold secrets.
struct EnvironmentReader {
    private let environment: [String: String]
    private(set) var warnings: [String] = []

    init(_ environment: [String: String]) { self.environment = environment }

    /// The value, or `nil` if there is none.
    func text(_ name: String) -> String? {
        guard let value = environment[name]?.trimmingBlanks, !value.isEmpty else { return nil }
        return value
    }

    /// The first of the names that has a value, with that name: the signal's own variable stands before the general
    /// one.
    func first(_ names: [String]) -> (name: String, value: String)? {
        for name in names {
            if let value = text(name) { return (name, value) }
        }
        return nil
    }

    mutating func warn(_ name: String, _ what: String) { warnings.append("\(name) \(what)") }

    /// True for `true` in any case; everything else is false, and a warning unless it is `false`.
    mutating func flag(_ name: String) -> Bool {
        guard let value = text(name)?.lowercased() else { return false }
        if value != "true" && value != "false" {
            warn(name, "must be true or false, not '\(value.prefix(40))': taken as false")
        }
        return value == "true"
    }

    /// A whole number of at least `minimum`.
    mutating func number(_ name: String, atLeast minimum: Int) -> Int? {
        guard let value = text(name) else { return nil }
        guard let number = Int(value), number >= minimum else {
            warn(name, "must be a whole number of at least \(minimum), not '\(value.prefix(40))': ignored")
            return nil
        }
        return number
    }

    /// Milliseconds.
    mutating func duration(_ name: String) -> Duration? { number(name, atLeast: 0).map { .milliseconds($0) } }
}
