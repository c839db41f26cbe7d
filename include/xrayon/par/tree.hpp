// SPDX-License-Identifier: Apache-2.0
#ifndef XRAYON_PAR_TREE_HPP
#define XRAYON_PAR_TREE_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xrayon/core/ranges.hpp>
#include <xrayon/par/index.hpp>
#include <xrayon/par/loop_options.hpp>
#include <xrayon/par/sequence.hpp>

// Sequences of what a user's function takes apart: pieces of anything, nodes of trees. They are taken apart at once, level by level, all of a
// level in parallel, run as `options` say (name, grain, stop token, deadline); the sequence that comes out owns them and knows their number.
//
// Same at every thread count: the order, and the exception: what a plain walk from left to right would have thrown first.
// Cost: one call per level; all pieces or nodes are kept.

namespace xrayon {

namespace detail {

/// Level by level: `expand(i)` for the members of a level, `next(count)` makes the next level out of the first `count` and gives its size. Once
/// one has failed only those to the left of it are followed, for one of them may fail too, and would have done so first.
template <class Expand, class Next>
void walk_levels(std::size_t size, const Expand& expand, const Next& next, const loop_options& asked, std::string_view name) {
    loop_options options = asked;
    run_report report;
    options.run.report = &report;
    if (options.name.empty()) {
        options.name = name;
    }
    const auto begin = std::chrono::steady_clock::now();
    std::exception_ptr error;
    while (size != 0) {
        if (asked.run.deadline > std::chrono::nanoseconds{}) {  // of the whole walk, not of each level
            options.run.deadline = std::max(std::chrono::nanoseconds{1}, asked.run.deadline - (std::chrono::steady_clock::now() - begin));
        }
        try {
            for_each_index(size, expand, options);
        } catch (...) {
            if (!report.failed) {
                throw;  // stopped, from here or from outside
            }
            error = std::current_exception();
            size = *report.failed;
        }
        size = next(size);
    }
    if (error) {
        std::rethrow_exception(error);
    }
}

/// Nodes of a tree by levels, each with those right below it.
template <class Node>
struct tree_level {
    std::vector<Node> nodes;
    std::vector<std::vector<Node>> children;
    std::vector<std::size_t> first_child;  // in the next level
};

template <class Node, class Children>
std::vector<tree_level<Node>> tree_levels(Node root, const Children& children_of, const loop_options& options, std::string_view name) {
    std::vector<tree_level<Node>> levels(1);
    levels[0].nodes.push_back(std::move(root));
    levels[0].children.resize(1);
    const auto expand = [&](std::size_t i) {
        tree_level<Node>& level = levels.back();
        for (auto&& child : std::invoke(children_of, std::as_const(level.nodes[i]))) {
            level.children[i].emplace_back(std::forward<decltype(child)>(child));
        }
    };
    const auto next = [&](std::size_t count) {
        tree_level<Node> below;
        tree_level<Node>& level = levels.back();
        for (std::size_t i = 0; i < count; ++i) {
            level.first_child.push_back(below.nodes.size());
            for (Node& child : level.children[i]) {
                below.nodes.push_back(std::move(child));
            }
        }
        level.first_child.push_back(below.nodes.size());
        level.children.clear();
        below.children.resize(below.nodes.size());
        levels.push_back(std::move(below));
        return levels.back().nodes.size();
    };
    walk_levels(1, expand, next, options, name);
    return levels;
}

/// All nodes in one list, each before what is below it, or behind.
template <class Node>
std::vector<Node> flatten_tree(std::vector<tree_level<Node>> levels, bool before) {
    std::vector<Node> out;
    struct step {
        std::size_t level;
        std::size_t node;
        std::size_t child;
    };
    std::vector<step> path{{0, 0, levels[0].first_child[0]}};
    while (!path.empty()) {
        step& here = path.back();
        tree_level<Node>& level = levels[here.level];
        if (before && here.child == level.first_child[here.node]) {
            out.push_back(std::move(level.nodes[here.node]));
        }
        if (here.child == level.first_child[here.node + 1]) {
            if (!before) {
                out.push_back(std::move(level.nodes[here.node]));
            }
            path.pop_back();
            continue;
        }
        const std::size_t child = here.child++;
        path.push_back({here.level + 1, child, levels[here.level + 1].first_child[child]});
    }
    return out;
}

} // namespace detail

/// The nodes of a tree, each before those below it. `children_of(node)` gives a range of nodes, from left to right.
template <class Node, class Children>
auto walk_tree_prefix(Node root, const Children& children_of, const loop_options& options = {}) {
    return par(detail::flatten_tree(detail::tree_levels<Node>(std::move(root), children_of, options, "walk_tree_prefix"), true));
}
/// The nodes of a tree, each behind those below it.
template <class Node, class Children>
auto walk_tree_postfix(Node root, const Children& children_of, const loop_options& options = {}) {
    return par(detail::flatten_tree(detail::tree_levels<Node>(std::move(root), children_of, options, "walk_tree_postfix"), false));
}
/// The nodes of a tree: walk_tree_prefix.
template <class Node, class Children>
auto walk_tree(Node root, const Children& children_of, const loop_options& options = {}) {
    return walk_tree_prefix(std::move(root), children_of, options);
}

/// The pieces of `whole` that cannot be split any more, from left to right: `splitter(piece)` gives a pair of a left piece and a std::optional
/// right one, which holds nothing when the left one is to stay as it is.
template <class Piece, class Splitter>
auto split(Piece whole, const Splitter& splitter, const loop_options& options = {}) {
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    struct link {
        Piece piece;
        std::size_t right = none;  // the piece beside this one
        std::optional<Piece> split_off = {};
    };
    std::vector<link> pieces;
    pieces.push_back({std::move(whole)});
    std::vector<std::size_t> open{0};
    const auto expand = [&](std::size_t i) {
        link& each = pieces[open[i]];
        auto [left, right] = std::invoke(splitter, std::move(each.piece));
        each.piece = std::move(left);
        each.split_off = std::move(right);
    };
    const auto next = [&](std::size_t count) {
        std::vector<std::size_t> still;
        for (std::size_t i = 0; i < count; ++i) {
            if (pieces[open[i]].split_off) {
                pieces.push_back({*std::exchange(pieces[open[i]].split_off, std::nullopt), pieces[open[i]].right});
                pieces[open[i]].right = pieces.size() - 1;
                still.insert(still.end(), {open[i], pieces.size() - 1});
            }
        }
        open = std::move(still);
        return open.size();
    };
    detail::walk_levels(1, expand, next, options, "split");
    std::vector<Piece> out;
    out.reserve(pieces.size());
    for (std::size_t i = 0; i != none; i = pieces[i].right) {
        out.push_back(std::move(pieces[i].piece));
    }
    return par(std::move(out));
}

} // namespace xrayon

#endif // XRAYON_PAR_TREE_HPP
