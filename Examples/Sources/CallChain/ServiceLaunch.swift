/// What a service is told when it is started, as arguments of its process.
package struct ServiceLaunch: Sendable, Hashable {
    package var name: String
    package var behaviour: Behaviour
    /// Base URLs of the services that it calls.
    package var calls: [String]

    package init(name: String, behaviour: Behaviour = .steady, calls: [String] = []) {
        self.name = name
        self.behaviour = behaviour
        self.calls = calls
    }

    package var arguments: [String] { [name, behaviour.rawValue] + calls }

    /// `nil` if the arguments (without the program's name) are none of these.
    package init?(arguments: some Collection<String>) {
        let words = Array(arguments)
        guard words.count >= 2, let behaviour = Behaviour(rawValue: words[1]) else { return nil }
        self.init(name: words[0], behaviour: behaviour, calls: Array(words.dropFirst(2)))
    }
}
