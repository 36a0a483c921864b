#include "server/handlers.h"
#include "server/services.h"
#include "server/strict_json.h"
#include "server/version.h"

namespace mj::server {
namespace {

constexpr std::size_t kLoginBytes = 256;
constexpr std::size_t kPasswordBytes = 4096;  // longer ones are refused with a sentence, not by this
constexpr int kMostWaiting = 8;

struct Form {
  std::string token, login, display_name, password;
};

Checked<Form> read_form(const Request& request, bool first) {
  auto object = parse_json_object(as_text(request.body));
  if (!object) return tl::unexpected<Refusal>(std::move(object).error());
  Fields fields(*object, "$");
  Form form;
  form.login = fields.text("login", kLoginBytes);
  form.password = fields.text("password", kPasswordBytes);
  if (first) {
    form.token = fields.text("token", kLoginBytes);
    form.display_name = fields.free_text("display_name", kLoginBytes);
  }
  if (auto done = fields.finish(); !done) return tl::unexpected<Refusal>(std::move(done).error());
  return form;
}

json::object account_facts(const index::Account& account, const Services& services) {
  const config::Hall& hall = services.context.settings.hall;
  return {{"login", account.login},
          {"display_name", account.display_name},
          {"hall", {{"id", hall.id}, {"name", hall.name}, {"timezone", hall.timezone}}},
          {"server_time_us", to_us(services.context.clock.now())},
          {"version", version()}};
}

Response outcome_answer(const SignIn::Outcome& outcome, http::status when_denied, const Services& services) {
  if (outcome) {
    Response response = json_answer(account_facts(outcome->account, services));
    response.header.set(http::field::set_cookie, outcome->cookie);
    return response;
  }
  const SignIn::Refused& refused = outcome.error();
  if (refused.wait.count() > 0) {
    return retry_after(error_answer(http::status::too_many_requests, refused.error), refused.wait);
  }
  return refused.error.kind == ErrorKind::denied ? error_answer(when_denied, refused.error)
                                                 : error_answer(refused.error);
}

/// Counts who waits for the one hashing at a time; too many are told to come again rather than queued.
class Waiting {
 public:
  explicit Waiting(int& count) : count_(count) { ++count_; }
  ~Waiting() { --count_; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  int& count_;
};

Response too_busy() {
  const Error error{ErrorKind::unavailable, "too many sign-ins at once; try again"};
  return retry_after(error_answer(http::status::too_many_requests, error), std::chrono::seconds(2));
}

}  // namespace

asio::awaitable<Response> get_me(Request& request, Services& services) {
  co_return json_answer(account_facts(request.who.account, services));
}

asio::awaitable<Response> post_sign_in_first(Request& request, Services& services) {
  auto form = read_form(request, true);
  if (!form) co_return refusal_answer(form.error());
  if (services.sign_ins_waiting >= kMostWaiting) co_return too_busy();
  const Waiting waiting(services.sign_ins_waiting);
  index::Account account;
  account.login = form->login;
  account.display_name = form->display_name;
  const auto outcome = co_await run_on(services.work.one_at_a_time(), [&] {
    return services.sign_in.first(form->token, account, form->password);
  });
  co_return outcome_answer(outcome, http::status::forbidden, services);
}

asio::awaitable<Response> post_sign_in(Request& request, Services& services) {
  auto form = read_form(request, false);
  if (!form) co_return refusal_answer(form.error());
  if (services.sign_ins_waiting >= kMostWaiting) co_return too_busy();
  const Waiting waiting(services.sign_ins_waiting);
  const std::string origin = request.peer.to_string();
  const auto outcome = co_await run_on(services.work.one_at_a_time(), [&] {
    return services.sign_in.with_password(form->login, form->password, origin);
  });
  co_return outcome_answer(outcome, http::status::unauthorized, services);
}

asio::awaitable<Response> post_sign_out(Request& request, Services& services) {
  const auto token = services.sessions.token_in(request.field(http::field::cookie));
  auto ended = co_await on_work(services.work, [&] { return services.sessions.end(token.value_or("")); });
  if (!ended) co_return error_answer(ended.error());
  Response response = empty_answer(http::status::no_content);
  response.header.set(http::field::set_cookie, services.sessions.forget_cookie());
  co_return response;
}

}  // namespace mj::server
