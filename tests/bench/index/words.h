#pragma once

#include <string>
#include <vector>

#include "tests/bench/index/big_hall.h"

/// What is written in the hall: items, window titles, what visitors write. Chinese as such halls have it.
namespace mj::bench {

/// The nth case of the hall, in one of the forms that approval systems use.
[[nodiscard]] std::string case_number_of(int64_t nth);

inline constexpr int kItems = 720;
[[nodiscard]] std::string item_code(int item);
[[nodiscard]] std::string item_name(int item);
[[nodiscard]] std::string person_name(Random& random);

/// What a visitor writes beside a rating, or a complaint says.
[[nodiscard]] std::string note_text(Random& random);

/// A case that is worked on at a window; empty number: a visit without a case, or no visit.
struct Sitting {
  WallTime from, to;
  std::string number;
  int item = 0;
  std::string visitor;
};

struct Foreground {
  std::string title, program;
  Duration stays{0};
};
/// What a clerk has in front next, and for how long: of `sitting`, or, without one, the lists and chats in
/// between.
[[nodiscard]] Foreground next_title(Random& random, const Sitting* sitting, int window);
/// At night.
[[nodiscard]] Foreground locked_title();

/// What people type: words of the above, one to three, some of them rare, a few that are nowhere.
[[nodiscard]] std::vector<std::string> text_queries(Random& random, int count);

}  // namespace mj::bench
