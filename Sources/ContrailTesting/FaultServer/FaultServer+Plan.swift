extension FaultServer {
    /// What a server does with the requests that it gets: one thing always, or one after the other.
    ///
    /// Many are ready-made; ``steps(_:)`` and ``custom(_:)`` make others.
    public struct Plan: Sendable {
        /// What is done with one request.
        struct Response: Sendable {
            var steps: [Step]
            /// When the steps begin.
            var moment = Moment.afterRequest
        }

        enum Moment: Sendable {
            /// When the connection is there; nothing is read. For a path of its own: when the head is there.
            case onConnect
            case afterHead
            /// When the body is there as well.
            case afterRequest
        }

        private enum Turn: Sendable {
            case response(Response)
            case choice(@Sendable (ReceivedRequest) -> Plan)
        }

        private enum Counting {
            case requests, requestsOfConnection
        }

        private let turns: [Turn]
        private let counting: Counting
        /// What those meet who connect to a server whose first plan this is.
        let door: LoopbackServer.Door

        init(_ response: Response, door: LoopbackServer.Door = .open) {
            turns = [.response(response)]
            counting = .requests
            self.door = door
        }

        private init(_ turns: [Turn], _ counting: Counting = .requests) {
            self.turns = turns
            self.counting = counting
            door = .open
        }

        // MARK: Plans of plans

        /// The first plan for the first request, the second for the second, and so on; the last for all further ones.
        public static func sequence(_ plans: Plan...) -> Plan { sequence(plans) }

        /// As ``sequence(_:)-(Plan...)``. No plans at all: ``ok``.
        public static func sequence(_ plans: [Plan]) -> Plan { Plan(plans.isEmpty ? ok.turns : plans.flatMap(\.flat)) }

        /// `plan` for the first `count` requests, then `rest`.
        public static func first(_ count: Int, _ plan: Plan, then rest: Plan = .ok) -> Plan {
            sequence(Array(repeating: plan, count: max(0, count)) + [rest])
        }

        /// As a sequence, but each connection begins with the first plan.
        public static func perConnection(_ plans: Plan...) -> Plan {
            Plan(plans.isEmpty ? ok.turns : plans.flatMap(\.flat), .requestsOfConnection)
        }

        /// The plan that `choose` finds for a request. It sees the head; runs on the connection's thread.
        public static func choose(_ choose: @escaping @Sendable (ReceivedRequest) -> Plan) -> Plan {
            Plan([.choice(choose)])
        }

        /// These steps, after the whole request was read. The connection is then kept for the next request, unless a step
        /// ends it.
        public static func steps(_ steps: Step...) -> Plan { Plan(Response(steps: steps)) }

        /// As ``steps(_:)``, but when the head is there: the body is still to be read, by ``Step/readBody`` or not at all.
        /// What the steps leave unread is read before the next request.
        public static func stepsAfterHead(_ steps: Step...) -> Plan {
            Plan(Response(steps: steps, moment: .afterHead))
        }

        /// As ``steps(_:)``, but when a connection is there, before anything is read; it is closed behind them. On a path
        /// of its own: when the head is there.
        public static func stepsOnConnect(_ steps: Step...) -> Plan {
            Plan(Response(steps: steps, moment: .onConnect))
        }

        /// Whatever `serve` does, on the connection's own thread, where it may block. The body was read, unless
        /// `readingBody` is false; then `serve` reads it, or ends the connection.
        public static func custom(
            readingBody: Bool = true, _ serve: @escaping @Sendable (Exchange) -> Void
        ) -> Plan {
            Plan(Response(steps: [.run(serve)], moment: readingBody ? .afterRequest : .afterHead))
        }

        // MARK: Asking

        func response(to request: ReceivedRequest, turn: Int) -> Response {
            switch self.turn(counting == .requests ? turn : request.numberOnConnection - 1) {
            case .response(let response): response
            case .choice(let choose): choose(request).response(to: request, turn: turn)
            }
        }

        /// The steps if the next turn is one that begins with the connection.
        func stepsOnConnect(turn: Int) -> [Step]? {
            guard counting == .requests, case .response(let response) = self.turn(turn), response.moment == .onConnect
            else { return nil }
            return response.steps
        }

        private func turn(_ index: Int) -> Turn { turns[max(0, min(index, turns.count - 1))] }

        /// The turns as part of another plan. One that counts by connection goes on doing so.
        private var flat: [Turn] { counting == .requests ? turns : [.choice { _ in self }] }
    }
}
